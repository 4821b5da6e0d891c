using MfaEvents.Core.Devices;
using MfaEvents.Core.Tests.Devices;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.SignIn;

/// <summary>RFC 4226 7.3: every path of a code waits after failures in a row, per device and per principal.</summary>
public sealed class ThrottleTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(4, 0)]
    [InlineData(5, 5)]
    [InlineData(6, 10)]
    [InlineData(7, 20)]
    [InlineData(10, 160)]
    [InlineData(11, 300)]
    [InlineData(100, 300)]
    [InlineData(int.MaxValue, 300)]
    public void The_fifth_failure_begins_a_wait_and_each_further_one_doubles_it_up_to_five_minutes(int failures, int seconds) =>
        Policy.Throttle.SecondsAfter(failures).ShouldBe(seconds);

    [Fact]
    public void The_fifth_failure_in_a_row_is_still_looked_at_and_begins_a_wait() =>
        Failed(4)
            .When(Phone.Verifies(Wrong))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong), Phone.Throttled(5, 5));

    [Fact]
    public void During_the_wait_nothing_is_looked_at_spent_or_recorded_on_any_path() =>
        Waiting()
            .And(Tablet.Assigned)
            .When(Phone.Verifies(0)).ThenWait(5)
            .When(Phone.Verifies(Wrong)).ThenWait(5)
            .When(Phone.Resyncs(0)).ThenWait(5)
            .When(Phone.ResyncsWithAnotherFactor(-1, 0)).ThenWait(5)
            .When(Phone.SignsIn(Guid.CreateVersion7(), 0)).ThenWait(5)
            .When(Tablet.Activates(0)).ThenWait(5)
            .After(Seconds(5))
            .When(Phone.Verifies(0)).Then(CodeOutcome.Accepted, Phone.Accepted(0));

    [Fact]
    public void The_code_is_not_even_looked_for_during_a_wait()
    {
        var story = Waiting();
        story.State.Verify(Phone.Id, _ => throw new InvalidOperationException("looked"), story.Now, Policy)
            .Outcome.ShouldBe(CodeOutcome.Wait);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 4)]
    [InlineData(4, 1)]
    public void What_is_left_of_the_wait_is_told_in_whole_seconds(int passed, int left) =>
        Waiting().After(Seconds(passed)).When(Phone.Verifies(0)).ThenWait(left);

    [Fact]
    public void What_is_left_is_rounded_up() =>
        Waiting().After(TimeSpan.FromMilliseconds(4001)).When(Phone.Verifies(0)).ThenWait(1);

    // Codes that are right once the wait is over begin to count anew: 100 in a row is the limit, not a hundred in a life.
    [Fact]
    public void An_accepted_code_ends_the_row() =>
        Waiting()
            .After(Seconds(5))
            .When(Phone.Verifies(0)).Then(CodeOutcome.Accepted, Phone.Accepted(0))
            .When(Phone.Verifies(Wrong)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong));

    [Fact]
    public void Each_further_failure_begins_a_longer_wait() =>
        Waiting()
            .After(Seconds(5))
            .When(Phone.Verifies(Wrong))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong), Phone.Throttled(10, 10))
            .After(Seconds(9))
            .When(Phone.Verifies(0)).ThenWait(1)
            .After(Seconds(1))
            .When(Phone.Verifies(Wrong))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong), Phone.Throttled(20, 20));

    [Fact]
    public void Failures_spread_over_devices_make_every_device_wait() =>
        GivenInUse(Phone, Tablet)
            .And(Phone.Rejected(RejectionReason.Wrong), Tablet.Rejected(RejectionReason.Wrong))
            .And(Phone.Rejected(RejectionReason.Wrong), Tablet.Rejected(RejectionReason.Wrong))
            .When(Phone.Verifies(Wrong))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong), Phone.Throttled(0, 5))
            .When(Tablet.Verifies(0)).ThenWait(5)
            .When(Phone.Verifies(0)).ThenWait(5);

    [Fact]
    public void Another_devices_accepted_code_ends_the_principals_row_but_not_the_devices() =>
        GivenInUse(Phone, Tablet)
            .And([.. Enumerable.Repeat(Phone.Rejected(RejectionReason.Wrong), 5), Phone.Throttled(5, 5)])
            .After(Seconds(5))
            .When(Tablet.Verifies(0)).Then(CodeOutcome.Accepted, Tablet.Accepted(0))
            .When(Phone.Verifies(Wrong))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong), Phone.Throttled(10, 0))
            .When(Tablet.Verifies(1)).Then(CodeOutcome.Accepted, Tablet.Accepted(1))
            .When(Phone.Verifies(0)).ThenWait(10);

    [Fact]
    public void A_clock_that_was_set_back_opens_no_wait() =>
        Waiting().After(TimeSpan.FromHours(-1)).When(Phone.Verifies(0)).ThenWait(5);

    [Fact]
    public void What_is_pending_or_activated_already_is_told_first() =>
        Waiting()
            .And(Tablet.Assigned)
            .When(Tablet.Verifies(0)).ThenNothing(CodeOutcome.DevicePending)
            .When(Phone.Activates(0)).ThenNothing(CodeOutcome.DeviceAlreadyActive);

    // NIST SP 800-63B-4 3.2.2: no more than 100 consecutive failed attempts.
    [Fact]
    public void The_hundredth_failure_in_a_row_suspends_the_device() =>
        Failed(99)
            .When(Phone.Verifies(Wrong))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong), Phone.Suspended(), Phone.Throttled(300, 300))
            .Of(Phone).Status.ShouldBe(DeviceStatus.Suspended);

    [Fact]
    public void A_device_out_of_sync_is_suspended_without_a_word_of_it() =>
        Failed(99)
            .And(Phone.WentOutOfSync(60))
            .When(Phone.Verifies(Wrong))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.OutOfSync), Phone.Suspended(), Phone.Throttled(300, 300));

    [Fact]
    public void A_suspended_device_accepts_no_code_and_says_nothing_of_it() =>
        SuspendedPhone()
            .When(Phone.Verifies(0))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Suspended, 0), Phone.Throttled(300, 300));

    [Fact]
    public void Codes_out_of_its_window_make_no_suspended_device_out_of_sync() =>
        SuspendedPhone()
            .And(Phone.Rejected(RejectionReason.Suspended, 30), Phone.Rejected(RejectionReason.Suspended, 31))
            .When(Phone.Verifies(32))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Suspended, 32), Phone.Throttled(300, 300));

    [Fact]
    public void A_resync_after_the_password_alone_does_not_end_a_suspension() =>
        SuspendedPhone()
            .When(Phone.Resyncs(0))
            .Then(
                CodeOutcome.Refused, Phone.Rejected(RejectionReason.Suspended, 0, CodePurpose.Resync), Phone.Throttled(300, 300));

    [Fact]
    public void A_resync_by_somebody_who_proved_another_factor_does() =>
        SuspendedPhone()
            .When(Phone.ResyncsWithAnotherFactor(-1, 0)).Then(CodeOutcome.Accepted, Phone.Resynced(0, drift: 0))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1));

    [Fact]
    public void A_suspended_device_is_still_a_second_factor() =>
        SuspendedPhone().State.SignInByPassword(Guid.CreateVersion7(), Story.Noon).ShouldBeNull();

    [Fact]
    public void A_pending_device_is_never_suspended_it_would_become_a_factor() =>
        Given([Phone.Assigned, .. Enumerable.Repeat(Phone.Rejected(RejectionReason.Wrong, purpose: CodePurpose.Activation), 120)])
            .When(Phone.Activates(Wrong, Wrong))
            .Then(
                CodeOutcome.Refused,
                Phone.Rejected(RejectionReason.Wrong, purpose: CodePurpose.Activation),
                Phone.Throttled(300, 300));

    private static Story Failed(int times) =>
        GivenInUse(Phone).And([.. Enumerable.Repeat(Phone.Rejected(RejectionReason.Wrong), times)]);

    private static Story Waiting() => Failed(5).And(Phone.Throttled(5, 5));

    private static Story SuspendedPhone() => Failed(100).And(Phone.Suspended());
}
