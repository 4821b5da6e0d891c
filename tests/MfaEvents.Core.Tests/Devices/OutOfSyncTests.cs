using MfaEvents.Core.Devices;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.Devices;

public sealed class OutOfSyncTests
{
    [Theory]
    [InlineData(-60)]
    [InlineData(-2)]
    [InlineData(2)]
    [InlineData(120)]
    public void The_third_code_in_a_row_from_too_far_away_shows_that_the_device_is_out_of_sync(int offset) =>
        GivenInUse(Phone)
            .When(Phone.Verifies(offset)).Then(CodeOutcome.Refused, Stray(offset))
            .After(Seconds(30))
            .When(Phone.Verifies(offset)).Then(CodeOutcome.Refused, Stray(offset))
            .After(Minutes(20))
            .When(Phone.Verifies(offset)).Then(CodeOutcome.ResyncRequired, Stray(offset), Phone.WentOutOfSync(offset))
            .Of(Phone).Status.ShouldBe(DeviceStatus.OutOfSync);

    [Fact]
    public void The_codes_need_not_come_in_order() =>
        GivenInUse(Phone)
            .And(Stray(-60), Stray(40))
            .When(Phone.Verifies(-61)).Then(CodeOutcome.ResyncRequired, Stray(-61), Phone.WentOutOfSync(-61));

    [Fact]
    public void A_wrong_code_breaks_the_row() =>
        GivenInUse(Phone)
            .And(Stray(-60), Stray(-59))
            .When(Phone.Verifies(Wrong)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong))
            .When(Phone.Verifies(-58)).Then(CodeOutcome.Refused, Stray(-58))
            .When(Phone.Verifies(-57)).Then(CodeOutcome.Refused, Stray(-57), Phone.Throttled(5, 5))
            .After(Seconds(5))
            .When(Phone.Verifies(-56))
            .Then(CodeOutcome.ResyncRequired, Stray(-56), Phone.WentOutOfSync(-56), Phone.Throttled(10, 10));

    [Fact]
    public void A_repeated_code_does_not_count_and_does_not_break_the_row() =>
        GivenInUse(Phone)
            .And(Stray(-60), Stray(-59))
            .When(Phone.Verifies(-59)).Then(CodeOutcome.Refused, Stray(-59))
            .When(Phone.Verifies(-60)).Then(CodeOutcome.Refused, Stray(-60))
            .After(Seconds(30))
            .When(Phone.Verifies(-61)) // the first one, seen half a minute later
            .Then(CodeOutcome.Refused, Stray(-61), Phone.Throttled(5, 5))
            .After(Seconds(5))
            .When(Phone.Verifies(-58))
            .Then(CodeOutcome.ResyncRequired, Stray(-58), Phone.WentOutOfSync(-58), Phone.Throttled(10, 10));

    [Fact]
    public void One_code_submitted_again_and_again_is_one_code() =>
        GivenInUse(Phone)
            .When(Phone.Verifies(-60)).Then(CodeOutcome.Refused, Stray(-60))
            .When(Phone.Verifies(-60)).Then(CodeOutcome.Refused, Stray(-60))
            .When(Phone.Verifies(-60)).Then(CodeOutcome.Refused, Stray(-60))
            .When(Phone.Verifies(-59)).Then(CodeOutcome.Refused, Stray(-59))
            .When(Phone.Verifies(-58))
            .Then(CodeOutcome.ResyncRequired, Stray(-58), Phone.WentOutOfSync(-58), Phone.Throttled(5, 5));

    [Fact]
    public void An_accepted_code_breaks_the_row() =>
        GivenInUse(Phone)
            .And(Stray(40), Stray(41))
            .When(Phone.Verifies(0)).Then(CodeOutcome.Accepted, Phone.Accepted(0))
            .When(Phone.Verifies(42)).Then(CodeOutcome.Refused, Stray(42))
            .When(Phone.Verifies(43)).Then(CodeOutcome.Refused, Stray(43))
            .When(Phone.Verifies(44)).Then(CodeOutcome.ResyncRequired, Stray(44), Phone.WentOutOfSync(44));

    [Fact]
    public void Codes_from_before_the_last_used_one_are_replays_and_do_not_count() =>
        GivenInUse(Phone)
            .And(Phone.Accepted(0))
            .When(Phone.Verifies(-60)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, -60))
            .When(Phone.Verifies(-59)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, -59))
            .When(Phone.Verifies(-58)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, -58))
            .Of(Phone).Status.ShouldBe(DeviceStatus.Active);

    [Fact]
    public void A_replay_breaks_the_row() =>
        GivenInUse(Phone)
            .And(Phone.Accepted(0), Stray(40), Stray(41))
            .When(Phone.Verifies(0)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Replayed, 0))
            .When(Phone.Verifies(42)).Then(CodeOutcome.Refused, Stray(42));

    [Fact]
    public void Each_device_has_a_row_of_its_own() =>
        GivenInUse(Phone, Tablet)
            .And(Stray(-60), Stray(-59))
            .When(Tablet.Verifies(-58)).Then(CodeOutcome.Refused, Tablet.Rejected(RejectionReason.OutsideWindow, -58))
            .When(Tablet.Verifies(Wrong)).Then(CodeOutcome.Refused, Tablet.Rejected(RejectionReason.Wrong))
            .When(Phone.Verifies(-58))
            .Then(CodeOutcome.ResyncRequired, Stray(-58), Phone.WentOutOfSync(-58), Phone.Throttled(0, 5));

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(-60)]
    [InlineData(null)]
    public void Out_of_sync_every_single_code_is_answered_alike(int? offset) =>
        GivenInUse(Phone)
            .And(Phone.WentOutOfSync(60))
            .When(Phone.Verifies(offset)).Then(CodeOutcome.ResyncRequired, Phone.Rejected(RejectionReason.OutOfSync));

    [Fact]
    public void Out_of_sync_a_single_code_is_not_spent() =>
        GivenInUse(Phone)
            .And(Phone.WentOutOfSync(60))
            .When(Phone.Verifies(-1)).Then(CodeOutcome.ResyncRequired, Phone.Rejected(RejectionReason.OutOfSync))
            .When(Phone.Verifies(0)).Then(CodeOutcome.ResyncRequired, Phone.Rejected(RejectionReason.OutOfSync))
            .When(Phone.Resyncs(0)).Then(CodeOutcome.Accepted, Phone.Resynced(0, drift: 0));

    [Fact]
    public void After_a_resync_a_new_row_begins() =>
        GivenInUse(Phone)
            .And(Stray(30), Stray(31), Stray(32), Phone.WentOutOfSync(32))
            .When(Phone.Resyncs(0)).Then(CodeOutcome.Accepted, Phone.Resynced(0, drift: 0))
            .When(Phone.Verifies(33)).Then(CodeOutcome.Refused, Stray(33))
            .When(Phone.Verifies(34)).Then(CodeOutcome.Refused, Stray(34))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1));

    private static Happening Stray(int offset) => Phone.Rejected(RejectionReason.OutsideWindow, offset);
}
