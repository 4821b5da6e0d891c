using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.Devices;

public sealed class ActivationTests
{
    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public void Two_consecutive_codes_activate_a_device(int offset) =>
        Given(Phone.Assigned)
            .When(Phone.Activates(offset))
            .Then(CodeOutcome.Accepted, Phone.Activated(offset), SessionsEnd(SessionsEndReason.FirstDeviceActivated))
            .Of(Phone).Status.ShouldBe(DeviceStatus.Active);

    // AWS IAM: codes that were generated and then submitted too late do associate the device, out of sync.
    [Theory]
    [InlineData(-119)]
    [InlineData(-20)]
    [InlineData(-2)]
    [InlineData(2)]
    [InlineData(120)]
    public void Codes_submitted_too_late_or_too_early_associate_the_device_out_of_sync(int offset) =>
        Given(Phone.Assigned)
            .When(Phone.Activates(offset))
            .Then(CodeOutcome.OutOfSync, Phone.Activated(offset), Phone.WentOutOfSync(offset), SessionsEnd(SessionsEndReason.FirstDeviceActivated))
            .Of(Phone).Status.ShouldBe(DeviceStatus.OutOfSync);

    [Theory]
    [InlineData(-120)]
    [InlineData(121)]
    public void A_pair_that_reaches_beyond_the_search_window_is_wrong(int offset) =>
        Given(Phone.Assigned)
            .When(Phone.Activates(offset))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong, purpose: CodePurpose.Activation));

    [Theory]
    [InlineData(null, null)] // both wrong
    [InlineData(null, 0)]
    [InlineData(-1, null)]
    [InlineData(0, 0)] // the same code twice
    [InlineData(-2, 0)] // not consecutive
    [InlineData(-1, 1)]
    [InlineData(0, -1)] // the wrong way round
    [InlineData(1, 0)]
    public void Any_other_two_codes_are_wrong_and_leave_it_pending(int? first, int? second) =>
        Given(Phone.Assigned)
            .When(Phone.Activates(first, second))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong, purpose: CodePurpose.Activation))
            .Of(Phone).Status.ShouldBe(DeviceStatus.Pending);

    [Fact]
    public void Codes_of_another_device_are_wrong() =>
        Given(Phone.Assigned, Tablet.Assigned)
            .When(Phone.ActivatesWith(Tablet.Code(-1, Noon), Tablet.Code(0, Noon)))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong, purpose: CodePurpose.Activation));

    [Fact]
    public void After_a_wrong_pair_the_right_one_still_activates() =>
        Given(Phone.Assigned, Phone.Rejected(RejectionReason.Wrong, purpose: CodePurpose.Activation))
            .When(Phone.Activates(0))
            .Then(CodeOutcome.Accepted, Phone.Activated(), SessionsEnd(SessionsEndReason.FirstDeviceActivated));

    [Fact]
    public void A_second_activation_evaluates_nothing_whatever_the_codes() =>
        Given(Phone.Assigned, Phone.Activated())
            .When(Phone.Activates(0)).ThenNothing(CodeOutcome.DeviceAlreadyActive)
            .When(Phone.Activates(2)).ThenNothing(CodeOutcome.DeviceAlreadyActive)
            .When(Phone.Activates(Wrong, Wrong)).ThenNothing(CodeOutcome.DeviceAlreadyActive)
            .And(Phone.WentOutOfSync(60))
            .When(Phone.Activates(2)).ThenNothing(CodeOutcome.DeviceAlreadyActive);

    // RFC 6238 5.2: the verifier MUST NOT accept the second attempt of the OTP.
    [Fact]
    public void Both_codes_of_an_activation_are_spent() =>
        Given(Phone.Assigned)
            .When(Phone.Activates(0))
            .Then(CodeOutcome.Accepted, Phone.Activated(), SessionsEnd(SessionsEndReason.FirstDeviceActivated))
            .When(Phone.Verifies(0)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, 0))
            .When(Phone.Verifies(-1)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, -1))
            .When(Phone.Resyncs(0))
            .Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, 0, CodePurpose.Resync))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1));

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(60)]
    public void Activation_leaves_no_drift(int offset) =>
        Given(Phone.Assigned, Phone.Activated(offset)).Of(Phone).DriftSteps.ShouldBe(0);

    // A password thief's device must not lie in wait for the day the owner's is gone.
    [Fact]
    public void The_first_activation_discards_the_other_pending_devices() =>
        Given(Phone.Assigned, Tablet.Assigned, Laptop.Assigned)
            .When(Tablet.Activates(0))
            .Then(
                CodeOutcome.Accepted,
                Tablet.Activated(),
                Phone.Removed(RemovalReason.Discarded),
                Laptop.Removed(RemovalReason.Discarded),
                SessionsEnd(SessionsEndReason.FirstDeviceActivated))
            .State.Devices.ShouldHaveSingleItem().Name.ShouldBe("tablet");

    [Fact]
    public void A_first_activation_out_of_sync_discards_them_too() =>
        Given(Phone.Assigned, Tablet.Assigned)
            .When(Phone.Activates(-20))
            .Then(
                CodeOutcome.OutOfSync,
                Phone.Activated(-20),
                Phone.WentOutOfSync(-20),
                Tablet.Removed(RemovalReason.Discarded),
                SessionsEnd(SessionsEndReason.FirstDeviceActivated));

    [Fact]
    public void A_second_activation_leaves_pending_devices_alone() =>
        GivenInUse(Phone)
            .And(Tablet.Assigned, Laptop.Assigned)
            .When(Tablet.Activates(0))
            .Then(CodeOutcome.Accepted, Tablet.Activated());

    [Fact]
    public void Beside_a_device_out_of_sync_an_activation_is_not_the_first() =>
        GivenInUse(Phone)
            .And(Phone.WentOutOfSync(60), Tablet.Assigned, Laptop.Assigned)
            .When(Tablet.Activates(0))
            .Then(CodeOutcome.Accepted, Tablet.Activated());

    [Fact]
    public void Once_the_last_activated_device_is_gone_the_next_activation_is_a_first_one() =>
        GivenInUse(Phone)
            .And(Tablet.Assigned, Laptop.Assigned, Phone.Removed(RemovalReason.Requested))
            .When(Tablet.Activates(0))
            .Then(
                CodeOutcome.Accepted, Tablet.Activated(), Laptop.Removed(RemovalReason.Discarded),
                SessionsEnd(SessionsEndReason.FirstDeviceActivated));
}
