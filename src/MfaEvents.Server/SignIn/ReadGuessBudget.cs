using MfaEvents.Core.SignIn;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.SignIn;

/// <summary>The odds of guessing, and the settings that they follow from.</summary>
public sealed record GuessBudgetView(
    AttemptOdds PerAttempt, GuessScenario OwnerAway, GuessScenario OwnerSigningIn, GuessBudgetSettings Settings);

public sealed record GuessBudgetSettings(
    int SignInWindow,
    int SearchWindow,
    int DeviceLimit,
    int FirstWaitAt,
    int FirstWaitSeconds,
    int LongestWaitSeconds,
    int SuspendAt);

/// <summary>
/// States what somebody who has the password can achieve by guessing codes, from the live settings: per attempt, and per device
/// and principal over a day and a year. Without the password no code is looked at.
/// </summary>
public static class ReadGuessBudgetEndpoint
{
    private const int DefaultSuccesses = 10;

    [WolverineGet("/guess-budget"), NotTenanted, Allow(Role.Auditor, Role.Operator)]
    [Answers(200, typeof(GuessBudgetView))]
    [Queries("successesPerDay",
        "How often the owner signs in, in the second scenario: 1 to 2880, one for each step; 10 when left out.")]
    public static Answer Get(HttpRequest request, MfaEventsSettings settings)
    {
        var query = new QueryReader(request);
        var successes = (int)(query.Whole("successesPerDay", 1, 2880) ?? DefaultSuccesses);
        if (query.Refusal is { } refusal) return refusal;

        var (devices, throttle) = (settings.Devices, settings.Devices.Throttle);
        var budget = GuessBudget.Of(devices, successes);
        return Answer.Ok(new GuessBudgetView(
            budget.PerAttempt,
            budget.OwnerAway,
            budget.OwnerSigningIn,
            new GuessBudgetSettings(
                devices.SignInWindow,
                devices.SearchWindow,
                devices.DeviceLimit,
                throttle.FirstWaitAt,
                (int)throttle.FirstWait.TotalSeconds,
                (int)throttle.LongestWait.TotalSeconds,
                throttle.SuspendAt)));
    }
}
