using MfaEvents.Core.Devices;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.Devices;

/// <summary>RFC 4226 7.4: resynchronisation takes two consecutive codes.</summary>
public sealed class ResyncTests
{
    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public void A_pair_within_one_step_ends_out_of_sync_without_drift(int offset) =>
        OutOfSync()
            .When(Phone.Resyncs(offset))
            .Then(CodeOutcome.Accepted, Phone.Resynced(offset, drift: 0))
            .Of(Phone).Status.ShouldBe(DeviceStatus.Active);

    [Theory]
    [InlineData(-10)]
    [InlineData(-2)]
    [InlineData(2)]
    [InlineData(10)]
    public void A_pair_within_ten_steps_sets_the_drift(int offset) =>
        OutOfSync()
            .When(Phone.Resyncs(offset))
            .Then(CodeOutcome.Accepted, Phone.Resynced(offset, drift: offset))
            .Of(Phone).DriftSteps.ShouldBe(offset);

    [Fact]
    public void A_device_that_is_in_sync_may_be_resynced() =>
        GivenInUse(Phone)
            .When(Phone.Resyncs(4))
            .Then(CodeOutcome.Accepted, Phone.Resynced(4, drift: 4));

    [Fact]
    public void A_resync_near_zero_forgets_an_earlier_drift() =>
        GivenInUse(Phone)
            .And(Phone.Resynced(-9, drift: -9))
            .When(Phone.Resyncs(1))
            .Then(CodeOutcome.Accepted, Phone.Resynced(1, drift: 0))
            .Of(Phone).DriftSteps.ShouldBe(0);

    // One pair from far away may be an old one that somebody wrote down.
    [Theory]
    [InlineData(-119)]
    [InlineData(-11)]
    [InlineData(11)]
    [InlineData(120)]
    public void A_pair_from_farther_away_is_only_noted(int offset) =>
        OutOfSync()
            .When(Phone.Resyncs(offset))
            .Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(offset))
            .Of(Phone).ShouldSatisfyAllConditions(
                device => device.Status.ShouldBe(DeviceStatus.OutOfSync),
                device => device.DriftSteps.ShouldBe(0));

    [Theory]
    [InlineData(-60, -60)]
    [InlineData(-60, -61)]
    [InlineData(-60, -59)]
    [InlineData(60, 61)]
    [InlineData(11, 12)]
    public void A_second_later_pair_at_the_same_offset_completes_it(int first, int second) =>
        OutOfSync()
            .When(Phone.Resyncs(first)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(first))
            .After(Minutes(2))
            .When(Phone.Resyncs(second)).Then(CodeOutcome.Accepted, Phone.Resynced(second, drift: second))
            .After(Minutes(1))
            .When(Phone.Verifies(second)).Then(CodeOutcome.Accepted, Phone.Accepted(second));

    [Fact]
    public void Ten_minutes_later_it_still_completes() =>
        OutOfSync()
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(-60))
            .After(Minutes(10))
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.Accepted, Phone.Resynced(-60, drift: -60));

    [Fact]
    public void Later_than_ten_minutes_the_second_pair_is_noted_as_a_first_one() =>
        OutOfSync()
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(-60))
            .After(Minutes(10) + Seconds(1))
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(-60))
            .After(Minutes(10))
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.Accepted, Phone.Resynced(-60, drift: -60));

    [Theory]
    [InlineData(-62)]
    [InlineData(-58)]
    [InlineData(60)]
    public void A_second_pair_at_another_offset_is_noted_as_a_first_one(int offset) =>
        OutOfSync()
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(-60))
            .After(Minutes(5))
            .When(Phone.Resyncs(offset)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(offset))
            .After(Minutes(5))
            .When(Phone.Resyncs(offset)).Then(CodeOutcome.Accepted, Phone.Resynced(offset, drift: offset));

    [Fact]
    public void The_noted_pair_does_not_confirm_itself() =>
        OutOfSync()
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(-60))
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.Refused, Refused(RejectionReason.Replayed, -60))
            .After(Seconds(30))
            .When(Phone.Resyncs(-61)).Then(CodeOutcome.Refused, Refused(RejectionReason.Replayed, -61));

    [Fact]
    public void A_pair_that_shares_a_code_with_the_noted_one_is_a_replay() =>
        OutOfSync()
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(-60))
            .After(Seconds(30))
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.Refused, Refused(RejectionReason.Replayed, -60))
            .After(Seconds(30))
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.Accepted, Phone.Resynced(-60, drift: -60));

    [Fact]
    public void A_refused_pair_in_between_does_not_spoil_the_noted_one() =>
        OutOfSync()
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(-60))
            .When(Phone.Resyncs(Wrong, Wrong)).Then(CodeOutcome.Refused, Refused(RejectionReason.Wrong))
            .After(Minutes(1))
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.Accepted, Phone.Resynced(-60, drift: -60));

    [Fact]
    public void A_completed_resync_forgets_the_noted_pair() =>
        OutOfSync()
            .When(Phone.Resyncs(60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(60))
            .After(Minutes(1))
            .When(Phone.Resyncs(61)).Then(CodeOutcome.Accepted, Phone.Resynced(61, drift: 61))
            .After(Minutes(1))
            .When(Phone.Resyncs(61)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(61));

    [Fact]
    public void A_noted_pair_leaves_a_device_in_sync_as_it_is() =>
        GivenInUse(Phone)
            .When(Phone.Resyncs(-60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(-60))
            .When(Phone.Verifies(0)).Then(CodeOutcome.Accepted, Phone.Accepted(0));

    // Steps are spent in order, so a clock that was fast and has been set right is waited for.
    [Fact]
    public void A_pair_noted_from_ahead_spends_every_step_up_to_it() =>
        OutOfSync()
            .When(Phone.Resyncs(60)).Then(CodeOutcome.AgainPlease, Phone.ResyncNoted(60))
            .After(Minutes(30))
            .When(Phone.Resyncs(0)).Then(CodeOutcome.Refused, Refused(RejectionReason.Replayed, 0))
            .After(Minutes(1))
            .When(Phone.Resyncs(0)).Then(CodeOutcome.Accepted, Phone.Resynced(0, drift: 0));

    [Theory]
    [InlineData(null, null)] // both wrong
    [InlineData(null, 0)]
    [InlineData(-1, null)]
    [InlineData(0, 0)] // the same code twice
    [InlineData(-2, 0)] // not consecutive
    [InlineData(0, -1)] // the wrong way round
    public void Any_other_two_codes_are_wrong_and_it_stays_out_of_sync(int? first, int? second) =>
        OutOfSync()
            .When(Phone.Resyncs(first, second)).Then(CodeOutcome.Refused, Refused(RejectionReason.Wrong))
            .Of(Phone).Status.ShouldBe(DeviceStatus.OutOfSync);

    [Fact]
    public void A_pair_with_a_spent_code_is_a_replay() =>
        GivenInUse(Phone)
            .And(Phone.Accepted(0))
            .When(Phone.Resyncs(-1)).Then(CodeOutcome.Refused, Refused(RejectionReason.Replayed, -1))
            .When(Phone.Resyncs(0)).Then(CodeOutcome.Refused, Refused(RejectionReason.Replayed, 0))
            .When(Phone.Resyncs(1)).Then(CodeOutcome.Refused, Refused(RejectionReason.Replayed, 1))
            .When(Phone.Resyncs(2)).Then(CodeOutcome.Accepted, Phone.Resynced(2, drift: 2));

    [Fact]
    public void Both_codes_of_a_resync_are_spent() =>
        OutOfSync()
            .When(Phone.Resyncs(1)).Then(CodeOutcome.Accepted, Phone.Resynced(1, drift: 0))
            .When(Phone.Verifies(0)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, 0))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, 1));

    [Fact]
    public void A_pending_device_evaluates_nothing() =>
        Given(Phone.Assigned)
            .When(Phone.Resyncs(0)).ThenNothing(CodeOutcome.DevicePending)
            .When(Phone.Resyncs(Wrong, Wrong)).ThenNothing(CodeOutcome.DevicePending);

    private static Story OutOfSync() => GivenInUse(Phone).And(Phone.WentOutOfSync(60));

    private static Happening Refused(RejectionReason reason, int? offset = null) =>
        Phone.Rejected(reason, offset, CodePurpose.Resync);
}
