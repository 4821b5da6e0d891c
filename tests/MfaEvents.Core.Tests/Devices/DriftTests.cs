using MfaEvents.Core.Devices;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.Devices;

/// <summary>
/// RFC 6238 6: the verifier remembers the drift. It follows slowly: a verifier that adopts every offset can be walked from
/// three minutes stale to thirty-six in twelve sign-ins.
/// </summary>
public sealed class DriftTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Three_codes_in_a_row_on_one_edge_move_the_drift_one_step(int edge) =>
        GivenInUse(Phone)
            .When(Phone.Verifies(edge)).Then(CodeOutcome.Accepted, Phone.Accepted(edge))
            .After(Minutes(1))
            .When(Phone.Verifies(edge)).Then(CodeOutcome.Accepted, Phone.Accepted(edge))
            .After(Hours(48))
            .When(Phone.Verifies(edge)).Then(CodeOutcome.Accepted, Phone.Accepted(edge), Phone.DriftMoved(edge))
            .Of(Phone).DriftSteps.ShouldBe(edge);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_code_elsewhere_in_the_window_breaks_the_row(int elsewhere) =>
        GivenInUse(Phone)
            .And(Phone.Accepted(1)).After(Minutes(2))
            .And(Phone.Accepted(1)).After(Minutes(2))
            .When(Phone.Verifies(elsewhere)).Then(CodeOutcome.Accepted, Phone.Accepted(elsewhere)).After(Minutes(2))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1)).After(Minutes(2))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1)).After(Minutes(2))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1), Phone.DriftMoved(1));

    [Fact]
    public void A_refused_code_is_no_part_of_the_row() =>
        GivenInUse(Phone)
            .And(Phone.Accepted(1)).After(Minutes(1))
            .And(Phone.Accepted(1)).After(Minutes(1))
            .When(Phone.Verifies(Wrong)).Then(CodeOutcome.Refused, Phone.Rejected(RejectionReason.Wrong))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1), Phone.DriftMoved(1));

    [Fact]
    public void A_resync_breaks_the_row() =>
        GivenInUse(Phone)
            .And(Phone.Accepted(1)).After(Minutes(2))
            .And(Phone.Accepted(1)).After(Minutes(2))
            .When(Phone.Resyncs(0)).Then(CodeOutcome.Accepted, Phone.Resynced(0, drift: 0)).After(Minutes(2))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1));

    [Fact]
    public void Each_device_has_a_row_of_its_own() =>
        GivenInUse(Phone, Tablet)
            .And(Phone.Accepted(1), Tablet.Accepted(1)).After(Minutes(1))
            .And(Phone.Accepted(1), Tablet.Accepted(0)).After(Minutes(1))
            .When(Tablet.Verifies(1)).Then(CodeOutcome.Accepted, Tablet.Accepted(1))
            .When(Phone.Verifies(1)).Then(CodeOutcome.Accepted, Phone.Accepted(1), Phone.DriftMoved(1));

    [Fact]
    public void The_edge_is_the_edge_of_the_window_around_the_drift() =>
        GivenInUse(Phone)
            .And(Phone.Resynced(5, drift: 5)).After(Minutes(10))
            .And(Phone.Accepted(5)).After(Minutes(1))
            .And(Phone.Accepted(5)).After(Minutes(1))
            .When(Phone.Verifies(5)).Then(CodeOutcome.Accepted, Phone.Accepted(5)).After(Minutes(1))
            .When(Phone.Verifies(4)).Then(CodeOutcome.Accepted, Phone.Accepted(4)).After(Minutes(1))
            .When(Phone.Verifies(4)).Then(CodeOutcome.Accepted, Phone.Accepted(4)).After(Minutes(1))
            .When(Phone.Verifies(4)).Then(CodeOutcome.Accepted, Phone.Accepted(4), Phone.DriftMoved(4));

    [Fact]
    public void After_a_move_the_row_begins_anew() =>
        GivenInUse(Phone)
            .And(Phone.Accepted(1), Phone.DriftMoved(1)).After(Hours(24))
            .When(Phone.Verifies(2)).Then(CodeOutcome.Accepted, Phone.Accepted(2)).After(Minutes(1))
            .When(Phone.Verifies(2)).Then(CodeOutcome.Accepted, Phone.Accepted(2)).After(Minutes(1))
            .When(Phone.Verifies(2)).Then(CodeOutcome.Accepted, Phone.Accepted(2), Phone.DriftMoved(2));

    [Fact]
    public void It_moves_at_most_once_in_24_hours() =>
        GivenInUse(Phone)
            .And(Phone.Accepted(1), Phone.DriftMoved(1)).After(Hours(23))
            .And(Phone.Accepted(2)).After(Minutes(30))
            .And(Phone.Accepted(2)).After(Minutes(29))
            .When(Phone.Verifies(2)).Then(CodeOutcome.Accepted, Phone.Accepted(2)).After(Minutes(1))
            .When(Phone.Verifies(2)).Then(CodeOutcome.Accepted, Phone.Accepted(2), Phone.DriftMoved(2));

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Use_never_moves_it_beyond_ten_steps(int edge) =>
        GivenInUse(Phone)
            .And(Phone.Resynced(10 * edge, drift: 10 * edge)).After(Hours(24))
            .And(Phone.Accepted(11 * edge)).After(Minutes(1))
            .And(Phone.Accepted(11 * edge)).After(Minutes(1))
            .When(Phone.Verifies(11 * edge)).Then(CodeOutcome.Accepted, Phone.Accepted(11 * edge)).After(Hours(24))
            .When(Phone.Verifies(11 * edge)).Then(CodeOutcome.Accepted, Phone.Accepted(11 * edge))
            .Of(Phone).DriftSteps.ShouldBe(10 * edge);

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Use_moves_it_up_to_ten_steps(int edge) =>
        GivenInUse(Phone)
            .And(Phone.Resynced(9 * edge, drift: 9 * edge)).After(Hours(24))
            .And(Phone.Accepted(10 * edge)).After(Minutes(1))
            .And(Phone.Accepted(10 * edge)).After(Minutes(1))
            .When(Phone.Verifies(10 * edge))
            .Then(CodeOutcome.Accepted, Phone.Accepted(10 * edge), Phone.DriftMoved(10 * edge));

    [Theory]
    [InlineData(60, 59)]
    [InlineData(-60, -59)]
    [InlineData(10, 9)]
    public void Use_moves_it_back_towards_zero_from_anywhere(int drift, int nearer) =>
        GivenInUse(Phone)
            .And(Phone.Resynced(drift, drift)).After(Hours(24))
            .And(Phone.Accepted(nearer)).After(Minutes(1))
            .And(Phone.Accepted(nearer)).After(Minutes(1))
            .When(Phone.Verifies(nearer)).Then(CodeOutcome.Accepted, Phone.Accepted(nearer), Phone.DriftMoved(nearer));

    [Theory]
    [InlineData(60, 61)]
    [InlineData(-60, -61)]
    public void Use_moves_it_no_farther_from_where_a_resync_set_it_beyond_ten_steps(int drift, int farther) =>
        GivenInUse(Phone)
            .And(Phone.Resynced(drift, drift)).After(Hours(24))
            .And(Phone.Accepted(farther)).After(Minutes(1))
            .And(Phone.Accepted(farther)).After(Minutes(1))
            .When(Phone.Verifies(farther)).Then(CodeOutcome.Accepted, Phone.Accepted(farther));
}
