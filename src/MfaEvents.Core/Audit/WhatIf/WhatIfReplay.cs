using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Audit.WhatIf;

/// <summary>
/// The history of one principal, played once more under other policies: the same people submit the same codes at the same times. What
/// comes of them is decided by <see cref="PrincipalMfa"/>, and changes the state on which the next attempt is decided.
/// </summary>
/// <remarks>
/// A code of which history says too little is taken for a wrong one (<see cref="Attempt"/>); from it on, nothing that is told of this
/// principal is certain. An attempt that was refused during a wait is in no event, and nobody knows of it: <see cref="ShorterWaits"/>
/// counts the waits that would have been shorter.
/// </remarks>
public sealed record WhatIfReplay
{
    public required string Principal { get; init; }

    /// <summary>The state as it was.</summary>
    public PrincipalMfa? Real { get; init; }

    /// <summary>The state as it would have been.</summary>
    public PrincipalMfa? Tried { get; init; }

    /// <summary>Whether a decision so far hung on something that history does not tell.</summary>
    public bool InDoubt { get; init; }

    /// <summary>How many attempts were played.</summary>
    public long Attempts { get; init; }

    /// <summary>Waits that began and would have been shorter: attempts that nobody knows of may have been refused during them.</summary>
    public long ShorterWaits { get; init; }

    /// <summary>Plays what happened next.</summary>
    /// <param name="act">What happened.</param>
    /// <param name="tried">The policies to try.</param>
    /// <param name="live">The policies by which history was made.</param>
    /// <returns>The replay after it, and how an attempt would have ended differently, if it would.</returns>
    public (WhatIfReplay After, WhatIfDifference? Difference) Next(Act act, DevicePolicy tried, DevicePolicy live)
    {
        ArgumentNullException.ThrowIfNull(act);
        var real = act.Followed.Prepend(act.Head.Event).Aggregate(Real, (state, e) => Evolve(state, e, act));
        if (Real is null || Tried is null || Attempt.Of(act, live) is not { } attempt)
            return (Counted(this with { Real = real, Tried = Plain(act) }, act), null);

        var decided = attempt.In(Tried, Real, tried, live);
        var inDoubt = InDoubt || decided.InDoubt;
        var after = this with
        {
            Real = real,
            Tried = WithDriftOf(act, decided).Aggregate(Tried, (before, e) => Evolve(before, e, act)!),
            InDoubt = inDoubt,
            Attempts = Attempts + 1,
        };
        return (Counted(after, act), decided.End == attempt.Was && !decided.InDoubt ? null : new WhatIfDifference(
            act.Head.Version,
            attempt.At,
            attempt.DeviceId,
            attempt.Purpose,
            attempt.Was,
            attempt.Because,
            decided.End,
            decided.Events.OfType<CodeRejected>().FirstOrDefault()?.Reason,
            !inDoubt));
    }

    // The policies of drift are not tried: of a clock that is known alike, what moved then moves now.
    private IEnumerable<object> WithDriftOf(Act act, Decided decided) =>
        act.Head.Event is CodeAccepted accepted && decided.End == AttemptEnd.Accepted
        && (Real?.Device(accepted.DeviceId), Tried?.Device(accepted.DeviceId)) is ({ } then, { } now)
        && (then.DriftSteps, then.EdgeRun, then.DriftMovedAt) == (now.DriftSteps, now.EdgeRun, now.DriftMovedAt)
            ? [.. decided.Events.Where(e => e is not DeviceDriftMoved), .. act.Followed.Where(e => e is DeviceDriftMoved)]
            : decided.Events;

    // What follows from decisions follows from them here, by the policies that are tried.
    private PrincipalMfa? Plain(Act act) => act.Head.Event switch
    {
        DeviceRemoved { Reason: RemovalReason.Expired } e when Tried is not null =>
            Tried.Expire(e.DeviceId).Aggregate((PrincipalMfa?)Tried, (before, expired) => Evolve(before, expired, act)),
        var e => Evolve(Tried, e, act),
    };

    private PrincipalMfa? Evolve(PrincipalMfa? state, object @event, Act act) => PrincipalMfa.Evolve(state, Principal, @event, act.Head.At);

    private static WhatIfReplay Counted(WhatIfReplay after, Act act) =>
        act.Followed.Any(e => e is AttemptsThrottled or EnrolmentAttemptsThrottled) && Until(after.Tried, act) < Until(after.Real, act)
            ? after with { ShorterWaits = after.ShorterWaits + 1 }
            : after;

    private static DateTimeOffset Until(PrincipalMfa? state, Act act)
    {
        Wait?[] waits = [state?.Wait, .. act.Followed.OfType<AttemptsThrottled>().Select(e => state?.Device(e.DeviceId)?.Wait)];
        return waits.Max(wait => wait?.Until) ?? DateTimeOffset.MinValue;
    }
}
