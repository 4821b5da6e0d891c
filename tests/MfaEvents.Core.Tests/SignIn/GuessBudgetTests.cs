using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.SignIn;
using MfaEvents.Core.Tests.Devices;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.SignIn;

/// <summary>The stated budget, and an adversary who knows the password and spends every second on guessing.</summary>
public sealed class GuessBudgetTests
{
    private static readonly GuessBudget Budget = GuessBudget.Of(Policy, successesPerDay: 10);

    [Fact]
    public void One_code_has_three_chances_in_a_million_and_one_pair_two_in_ten_thousand_million()
    {
        Budget.PerAttempt.Code.ShouldBe(3e-6);
        Budget.PerAttempt.Pair.ShouldBe(2.4e-10);
    }

    [Fact]
    public void While_the_owner_is_away_a_device_takes_a_hundred_attempts_and_no_more()
    {
        Budget.OwnerAway.Device.Day.Attempts.ShouldBe(100);
        Budget.OwnerAway.Device.Year.Attempts.ShouldBe(100);
        Budget.OwnerAway.Device.Year.Odds.ShouldBe(3e-4, 1e-6);
        Budget.OwnerAway.Principal.Year.Attempts.ShouldBe(800);
    }

    [Fact]
    public void A_slower_throttle_makes_a_smaller_budget()
    {
        var slower = Policy with { Throttle = Policy.Throttle with { FirstWait = TimeSpan.FromMinutes(5), LongestWait = TimeSpan.FromHours(1) } };
        GuessBudget.Of(slower, 10).OwnerSigningIn.Device.Day.Attempts
            .ShouldBeLessThan(Budget.OwnerSigningIn.Device.Day.Attempts);
    }

    [Fact]
    public void A_year_of_guessing_at_one_device_while_the_owner_is_away_stays_within_the_budget() =>
        Evaluated(GivenInUse(Phone), TimeSpan.FromDays(365), successesPerDay: 0, Phone)
            .ShouldBe(Budget.OwnerAway.Device.Year.Attempts);

    [Fact]
    public void A_year_of_guessing_at_every_device_while_the_owner_is_away_stays_within_the_budget()
    {
        Authenticator[] eight = [.. Enumerable.Range(1, 8).Select(number => new Authenticator($"device {number}"))];
        Evaluated(GivenInUse(eight), TimeSpan.FromDays(365), successesPerDay: 0, eight)
            .ShouldBe(Budget.OwnerAway.Principal.Year.Attempts);
    }

    [Fact]
    public void A_year_of_guessing_beside_an_owner_who_signs_in_ten_times_a_day_stays_within_the_budget()
    {
        var evaluated = Evaluated(GivenInUse(Phone), TimeSpan.FromDays(365), successesPerDay: 10, Phone);
        evaluated.ShouldBeLessThanOrEqualTo(Budget.OwnerSigningIn.Device.Year.Attempts);
        evaluated.ShouldBeGreaterThan(Budget.OwnerSigningIn.Device.Year.Attempts * 9 / 10);
    }

    // Guesses as soon as each wait is over, always at the device with the fewest failures. What the owner submits is not counted.
    private static long Evaluated(Story story, TimeSpan time, int successesPerDay, params Authenticator[] targets)
    {
        var (end, evaluated) = (story.Now + time, 0L);
        var interval = successesPerDay == 0 ? TimeSpan.MaxValue : TimeSpan.FromDays(1) / successesPerDay;
        var ownersNext = successesPerDay == 0 ? DateTimeOffset.MaxValue : story.Now + interval;
        while (story.Now < end)
        {
            if (story.Now >= ownersNext)
            {
                ownersNext += interval;
                story = story.And(Phone.Accepted(0));
            }

            var target = targets.MinBy(device => story.Of(device).Status == DeviceStatus.Suspended
                ? int.MaxValue
                : story.Of(device).ConsecutiveFailures)!;
            if (story.Of(target).Status == DeviceStatus.Suspended) return evaluated;

            var decision = story.State.Verify(target.Id, _ => CodeMatch.None, story.Now, Policy);
            if (decision.Outcome == CodeOutcome.Wait)
            {
                var over = story.Now.AddSeconds(decision.WaitSeconds);
                story = story with { Now = over < ownersNext ? over : ownersNext };
                continue;
            }

            evaluated++;
            story = story.And([.. decision.Events.Select(e => new Happening(_ => e))]);
        }

        return evaluated;
    }
}
