using CsCheck;
using MfaEvents.Core.Devices;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.Devices;

/// <summary>Drift health: how a device's clock runs, from the offsets of its accepted codes.</summary>
public sealed class DriftTrendTests
{
    [Fact]
    public void A_clock_that_is_right_has_no_drift_and_never_leaves_the_window()
    {
        var trend = Trend(ppm: 0, days: 100);
        trend.RatePpm().ShouldBe(0);
        trend.LeavesWindowAt(0, Policy).ShouldBeNull();
    }

    [Fact]
    public void A_rate_is_found_from_codes_that_come_in_steps_of_thirty_seconds() =>
        Gen.Select(Gen.Int[20, 150], Gen.Bool, Gen.Int[120, 400]).Sample((rate, fast, days) =>
        {
            var ppm = fast ? rate : -rate;
            Trend(ppm, days).RatePpm()!.Value.ShouldBe(ppm, tolerance: 8);
        });

    // 100 ppm are 8.64 s a day; the window moves with use up to ten steps, and reaches one further: 11.5 steps are 40 days.
    [Fact]
    public void The_day_it_leaves_the_window_is_where_the_line_crosses_the_farthest_edge()
    {
        var trend = Trend(ppm: 100, days: 30);
        (trend.LeavesWindowAt(0, Policy)!.Value - Noon).TotalDays.ShouldBe(11.5 * 30 / 8.64, tolerance: 2);
    }

    [Fact]
    public void A_slow_clock_leaves_on_the_other_side()
    {
        var trend = Trend(ppm: -100, days: 30);
        trend.RatePpm()!.Value.ShouldBeLessThan(-90);
        (trend.LeavesWindowAt(-10, Policy)!.Value - Noon).TotalDays.ShouldBe(11.5 * 30 / 8.64, tolerance: 2);
    }

    [Fact]
    public void A_few_codes_or_a_few_days_say_nothing()
    {
        Trend(ppm: 100, days: 6).RatePpm().ShouldBeNull();
        DriftTrend.From(0, Noon).And(1, Noon.AddDays(30)).RatePpm().ShouldBeNull();
    }

    [Fact]
    public void It_begins_at_activation_follows_accepted_codes_and_begins_anew_at_a_resync()
    {
        var story = GivenInUse(Phone).And(Phone.Accepted(1)).After(Hours(24)).And(Phone.Accepted(0));
        story.Of(Phone).Trend!.Count.ShouldBe(3);
        story.And(Phone.Rejected(RejectionReason.Wrong)).Of(Phone).Trend!.Count.ShouldBe(3);
        story.And(Phone.Resynced(4, drift: 4)).Of(Phone).Trend.ShouldBe(DriftTrend.From(4, story.Now));
    }

    // One sign-in a day, at an hour that wanders.
    private static DriftTrend Trend(int ppm, int days) => Enumerable.Range(1, days).Aggregate(
        DriftTrend.From(0, Noon),
        (trend, day) =>
        {
            var at = Noon.AddDays(day).AddHours(day * 7 % 12);
            return trend.And((int)Math.Round((at - Noon).TotalSeconds * ppm / 1e6 / 30), at);
        });
}
