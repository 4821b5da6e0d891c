using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.Core.SignIn;

/// <summary>
/// What somebody who has the password can achieve by guessing codes without a pause, as the policies stand (RFC 4226 7.3).
/// </summary>
/// <param name="PerAttempt">The odds of one attempt.</param>
/// <param name="OwnerAway">While the owner does not sign in: every device is suspended in the end.</param>
/// <param name="OwnerSigningIn">
/// While the owner signs in at even intervals with the device that is guessed at, which starts its count anew each time.
/// </param>
public sealed record GuessBudget(AttemptOdds PerAttempt, GuessScenario OwnerAway, GuessScenario OwnerSigningIn)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    /// <summary>Works it out.</summary>
    /// <param name="policy">The live settings.</param>
    /// <param name="successesPerDay">How often the owner's code is accepted, in the second scenario.</param>
    public static GuessBudget Of(DevicePolicy policy, int successesPerDay)
    {
        var codes = Math.Pow(10, TotpCode.Digits);
        var odds = new AttemptOdds(
            (2 * policy.SignInWindow + 1) / codes,
            2 * policy.SearchWindow / (codes * codes));
        return new GuessBudget(odds, Scenario(0), Scenario(successesPerDay));

        GuessScenario Scenario(int successes) => new(
            successes,
            new GuessPeriods(Guesses(1, Day, successes), Guesses(1, Year, successes)),
            new GuessPeriods(Guesses(policy.DeviceLimit, Day, successes), Guesses(policy.DeviceLimit, Year, successes)));

        Guesses Guesses(int devices, TimeSpan time, int successes)
        {
            var attempts = AttemptsIn(policy, devices, time, successes);
            return new Guesses(attempts, 1 - Math.Pow(1 - odds.Code, attempts));
        }
    }

    /// <summary>How many attempts are looked at, of somebody who makes each as early as the waits allow.</summary>
    /// <param name="policy">The live settings.</param>
    /// <param name="devices">How many devices the attempts are spread over; the principal's own wait is for all of them.</param>
    /// <param name="time">How long it goes on.</param>
    /// <param name="successesPerDay">How often the owner's code is accepted; it ends the principal's row of failures.</param>
    public static long AttemptsIn(DevicePolicy policy, int devices, TimeSpan time, int successesPerDay)
    {
        var most = (long)policy.Throttle.SuspendAt * devices;
        if (successesPerDay == 0) return AttemptsInARow(policy.Throttle, time, most);

        // One device's count starts anew with each success; the others' do not, and end in suspension once.
        var interval = Day / successesPerDay;
        var intervals = (long)Math.Ceiling(time / interval);
        return intervals * AttemptsInARow(policy.Throttle, interval, policy.Throttle.SuspendAt)
            + (most - policy.Throttle.SuspendAt);
    }

    private static long AttemptsInARow(ThrottlePolicy throttle, TimeSpan time, long most)
    {
        var (attempts, spent) = (0, 0.0);
        while (attempts < most && spent <= time.TotalSeconds) spent += throttle.SecondsAfter(++attempts);
        return attempts;
    }
}

/// <param name="Code">One code: the steps of the window among a million.</param>
/// <param name="Pair">Two consecutive codes at activation or resync: the pairs of the search window among 10^12.</param>
public sealed record AttemptOdds(double Code, double Pair);

/// <param name="SuccessesPerDay">How often the owner's code is accepted.</param>
/// <param name="Device">Guessing at one device.</param>
/// <param name="Principal">Guessing at as many devices as a principal may have.</param>
public sealed record GuessScenario(int SuccessesPerDay, GuessPeriods Device, GuessPeriods Principal);

public sealed record GuessPeriods(Guesses Day, Guesses Year);

/// <param name="Attempts">How many attempts are looked at, at most.</param>
/// <param name="Odds">That one of them is right.</param>
public sealed record Guesses(long Attempts, double Odds);
