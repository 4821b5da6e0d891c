using MfaEvents.Core.Devices;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.Devices;

/// <summary>RFC 4226 7.3: throttling counts failures per device and across sessions; here per principal as well.</summary>
public sealed class FailureTests
{
    [Fact]
    public void Failures_count_for_their_device_and_for_the_principal() =>
        Failures(GivenInUse(Phone, Tablet)
            .When(Phone.Verifies(Wrong)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong))
            .When(Phone.Verifies(60)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.OutsideWindow, 60))
            .When(Tablet.Verifies(Wrong)).Then(CodeOutcome.Refused, Tablet.Rejected(RejectionReason.Wrong)))
            .ShouldBe((2, 1, 3));

    [Fact]
    public void Failures_count_over_verification_activation_and_resync_together() =>
        Failures(GivenInUse(Phone)
            .And(Tablet.Assigned)
            .When(Tablet.Activates(Wrong, 0))
            .Then(CodeOutcome.Refused, Tablet.Rejected(RejectionReason.Wrong, purpose: CodePurpose.Activation))
            .When(Phone.Resyncs(0, Wrong))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong, purpose: CodePurpose.Resync))
            .When(Phone.Verifies(Wrong)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong)))
            .ShouldBe((2, 1, 3));

    [Fact]
    public void Codes_of_a_device_out_of_sync_are_failures() =>
        Failures(GivenInUse(Phone, Tablet)
            .And(Phone.WentOutOfSync(60))
            .When(Phone.Verifies(0)).Then(CodeOutcome.ResyncRequired, Phone.Rejected(RejectionReason.OutOfSync)))
            .ShouldBe((1, 0, 1));

    [Fact]
    public void An_accepted_code_resets_its_device_and_the_principal_but_no_other_device() =>
        Failures(Failed()
            .When(Phone.Verifies(0)).Then(CodeOutcome.Accepted, Phone.Accepted(0)))
            .ShouldBe((0, 1, 0));

    [Fact]
    public void So_does_a_resync() =>
        Failures(Failed()
            .When(Phone.Resyncs(0)).Then(CodeOutcome.Accepted, Phone.Resynced(0, drift: 0)))
            .ShouldBe((0, 1, 0));

    [Fact]
    public void So_does_an_activation() =>
        Failures(GivenInUse(Phone)
            .And(Tablet.Assigned)
            .And(Phone.Rejected(RejectionReason.Wrong))
            .And(Tablet.Rejected(RejectionReason.Wrong, purpose: CodePurpose.Activation))
            .When(Tablet.Activates(0)).Then(CodeOutcome.Accepted, Tablet.Activated()))
            .ShouldBe((1, 0, 0));

    [Fact]
    public void A_pair_that_is_only_noted_resets_nothing() =>
        Failures(Failed()
            .When(Phone.Resyncs(60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(60)))
            .ShouldBe((2, 1, 3));

    [Fact]
    public void Codes_that_are_not_evaluated_count_for_nothing() =>
        Failures(Given(Phone.Assigned, Tablet.Assigned)
            .When(Phone.Verifies(Wrong)).ThenNothing(CodeOutcome.DevicePending)
            .When(Phone.Resyncs(Wrong, Wrong)).ThenNothing(CodeOutcome.DevicePending)
            .And(Tablet.Activated())
            .When(Tablet.Activates(Wrong, Wrong)).ThenNothing(CodeOutcome.DeviceAlreadyActive))
            .ShouldBe((0, 0, 0));

    [Fact]
    public void Removing_the_device_does_not_reset_the_principal() =>
        Failed().And(Phone.Removed(RemovalReason.Requested)).State.ConsecutiveFailures.ShouldBe(3);

    private static Story Failed() => GivenInUse(Phone, Tablet).And(
        Phone.Rejected(RejectionReason.Wrong),
        Tablet.Rejected(RejectionReason.Wrong),
        Phone.Rejected(RejectionReason.Wrong));

    private static (int Phone, int Tablet, int Principal) Failures(Story story) =>
        (story.Of(Phone).ConsecutiveFailures, story.Of(Tablet).ConsecutiveFailures, story.State.ConsecutiveFailures);
}
