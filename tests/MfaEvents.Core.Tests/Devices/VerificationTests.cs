using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.Devices;

public sealed class VerificationTests
{
    // RFC 6238 5.2: at most one time step of network delay.
    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public void A_code_at_most_one_step_away_is_accepted(int offset) =>
        GivenInUse(Phone)
            .When(Phone.Verifies(offset))
            .Then(CodeOutcome.Accepted, Phone.Accepted(offset));

    [Theory]
    [InlineData(-120)]
    [InlineData(-2)]
    [InlineData(2)]
    [InlineData(120)]
    public void A_code_farther_away_is_refused(int offset) =>
        GivenInUse(Phone)
            .When(Phone.Verifies(offset))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.OutsideWindow, offset));

    [Theory]
    [InlineData(-121)]
    [InlineData(121)]
    [InlineData(null)]
    public void A_code_of_no_step_in_the_search_window_is_wrong(int? offset) =>
        GivenInUse(Phone)
            .When(Phone.Verifies(offset))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong));

    [Theory]
    [InlineData("")]
    [InlineData("12345")]
    [InlineData("1234567")]
    [InlineData("??????")]
    [InlineData("１２３４５６")] // full-width digits
    public void What_is_no_code_is_wrong(string text) =>
        GivenInUse(Phone)
            .When(Phone.VerifiesWith(text))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong));

    // RFC 6238 5.2: the verifier MUST NOT accept the second attempt of the OTP.
    [Fact]
    public void A_code_is_accepted_once() =>
        GivenInUse(Phone)
            .When(Phone.Verifies(0)).Then(CodeOutcome.Accepted, Phone.Accepted(0))
            .When(Phone.Verifies(0)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, 0));

    [Fact]
    public void A_code_is_accepted_once_also_while_it_is_still_in_the_window() =>
        GivenInUse(Phone)
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1))
            .After(Seconds(30))
            .When(Phone.Verifies(0)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, 0))
            .After(Seconds(30))
            .When(Phone.Verifies(-1)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, -1));

    [Fact]
    public void A_code_earlier_than_the_last_accepted_one_is_a_replay() =>
        GivenInUse(Phone)
            .When(Phone.Verifies(0)).Then(CodeOutcome.Accepted, Phone.Accepted(0))
            .When(Phone.Verifies(-1)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, -1))
            .When(Phone.Verifies(-60)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, -60));

    [Fact]
    public void The_next_code_is_accepted_at_once() =>
        GivenInUse(Phone)
            .When(Phone.Verifies(0)).Then(CodeOutcome.Accepted, Phone.Accepted(0))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1));

    [Fact]
    public void A_refused_code_is_not_spent() =>
        GivenInUse(Phone)
            .When(Phone.Verifies(2)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.OutsideWindow, 2))
            .After(Seconds(30))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1));

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(null)]
    public void A_pending_device_evaluates_nothing(int? offset) =>
        Given(Phone.Assigned)
            .When(Phone.Verifies(offset)).ThenNothing(CodeOutcome.DevicePending);

    [Fact]
    public void A_code_serves_the_named_device_only() =>
        GivenInUse(Phone, Tablet)
            .When(Phone.VerifiesWith(Tablet.Code(0, Noon + Hours(24))))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong));

    [Fact]
    public void A_code_spends_steps_of_its_own_device_only() =>
        GivenInUse(Phone, Tablet)
            .When(Phone.Verifies(0)).Then(CodeOutcome.Accepted, Phone.Accepted(0))
            .When(Tablet.Verifies(0)).Then(CodeOutcome.Accepted, Tablet.Accepted(0));

    [Theory]
    [InlineData(-5, -6, true)]
    [InlineData(-5, -4, true)]
    [InlineData(-5, -7, false)]
    [InlineData(-5, -3, false)]
    [InlineData(-5, 0, false)]
    [InlineData(10, 11, true)]
    [InlineData(10, 12, false)]
    [InlineData(10, 0, false)]
    [InlineData(-119, -120, true)]
    [InlineData(119, 121, false)]
    public void The_window_lies_around_the_drift_of_the_device(int drift, int offset, bool accepted) =>
        GivenInUse(Phone)
            .And(Phone.Resynced(drift, drift))
            .After(Hours(2))
            .When(Phone.Verifies(offset))
            .Outcome.ShouldBe(accepted ? CodeOutcome.Accepted : CodeOutcome.Refused);

    [Fact]
    public void An_accepted_code_is_when_the_device_was_last_used() =>
        GivenInUse(Phone)
            .When(Phone.Verifies(-1)).Then(CodeOutcome.Accepted, Phone.Accepted(-1))
            .After(Minutes(1))
            .When(Phone.Verifies(Wrong)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong))
            .Of(Phone).LastUsedAt.ShouldBe(Noon + Hours(24));

    [Fact]
    public void Of_two_steps_with_the_same_code_the_one_in_the_window_counts() =>
        GivenTwins(nowAtStep: 0)
            .When(Phone.VerifiesWith(Twins)).Then(CodeOutcome.Accepted, Phone.Accepted(0));

    [Fact]
    public void A_replay_is_a_replay_even_if_a_later_step_has_the_same_code() =>
        GivenTwins(nowAtStep: 0)
            .And(Phone.Accepted(0))
            .When(Phone.VerifiesWith(Twins)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, 0));

    // The step is spent, not the six digits.
    [Fact]
    public void The_later_step_with_the_same_code_is_accepted_in_its_time() =>
        GivenTwins(nowAtStep: 0)
            .And(Phone.Accepted(0))
            .After(Seconds(65 * TimeStep.Seconds))
            .When(Phone.VerifiesWith(Twins)).Then(CodeOutcome.Accepted, Phone.Accepted(0));

    [Fact]
    public void A_step_that_is_not_spent_counts_before_an_earlier_one_with_the_same_code() =>
        GivenTwins(nowAtStep: 62)
            .When(Phone.VerifiesWith(Twins)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.OutsideWindow, 3));

    [Fact]
    public void A_device_that_the_principal_does_not_hold_is_the_callers_mistake() =>
        Should.Throw<ArgumentException>(() => Given().State.Verify(Phone.Id, _ => CodeMatch.None, Noon, Policy));

    // What the phone shows at 2026-03-05T19:40:30Z, and by chance again 65 steps later.
    private const string Twins = "809455";

    private static Story GivenTwins(int nowAtStep) => GivenInUse(Phone) with
    {
        Now = new DateTimeOffset(2026, 3, 5, 19, 40, 30, TimeSpan.Zero).AddSeconds(nowAtStep * TimeStep.Seconds),
    };
}
