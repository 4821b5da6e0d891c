using System.Collections.Immutable;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Audit.WhatIf;

/// <summary>
/// The history of one principal, played once more under other policies: the same people submit the same codes at the same times. What
/// comes of them is decided by <see cref="PrincipalMfa"/>, and changes the state on which the next attempt is decided.
/// </summary>
/// <remarks>
/// Codes of which history says too little are read in several ways, side by side (<see cref="Reading"/>). An attempt that ends the same
/// in all of them, out of the same state, is told; of any other it is not known, until a code that all of them accept has brought
/// their states together again. An attempt that was refused during a wait is in no event, and nobody knows of
/// it: <see cref="ShorterWaits"/> counts the waits that would have been shorter.
/// </remarks>
public sealed record WhatIfReplay
{
    public required string Principal { get; init; }

    /// <summary>The state as it was.</summary>
    public PrincipalMfa? Real { get; init; }

    /// <summary>The state that each reading comes to.</summary>
    public ImmutableArray<PrincipalMfa?> Readings { get; init; } = [.. Enum.GetValues<Reading>().Select(_ => (PrincipalMfa?)null)];

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
        if (Real is null || Attempt.Of(act, live) is not { } attempt)
            return (Counted(this with { Real = real, Readings = [.. Readings.Select(state => Plain(state, act))] }, act), null);

        var decided = Readings.Select((state, reading) => Decided(state!, (Reading)reading)).ToArray();
        var after = Counted(this with { Real = real, Readings = [.. decided.Select(one => one.After)], Attempts = Attempts + 1 }, act);
        var isKnown = Readings.All(state => attempt.StandsAlike(state!, Readings[0]!, live)) && decided.All(one => one.End == decided[0].End);
        var end = isKnown ? decided[0].End : AttemptEnd.Unknown;
        return (after, end == attempt.Was ? null : new WhatIfDifference(
            act.Head.Version,
            attempt.At,
            attempt.DeviceId,
            attempt.Purpose,
            attempt.Was,
            attempt.Because,
            end,
            isKnown && decided.All(one => one.Because == decided[0].Because) ? decided[0].Because : null));

        (AttemptEnd End, RejectionReason? Because, PrincipalMfa? After) Decided(PrincipalMfa state, Reading reading)
        {
            var (end, events) = attempt.In(state, Real, tried, live, reading);
            if (act.Head.Event is CodeAccepted accepted && end == AttemptEnd.Accepted && HasSameClock(state, accepted.DeviceId))
                events = [.. events.Where(e => e is not DeviceDriftMoved), .. act.Followed.Where(e => e is DeviceDriftMoved)];
            return (
                end,
                events.OfType<CodeRejected>().FirstOrDefault()?.Reason,
                events.Aggregate((PrincipalMfa?)state, (before, e) => Evolve(before, e, act)));
        }
    }

    // The policies of drift are not tried: of a clock that is known alike, what moved then moves now.
    private bool HasSameClock(PrincipalMfa state, Guid deviceId) =>
        (Real?.Device(deviceId), state.Device(deviceId)) is ({ } then, { } now)
        && (then.DriftSteps, then.EdgeRun, then.DriftMovedAt) == (now.DriftSteps, now.EdgeRun, now.DriftMovedAt);

    // What follows from decisions follows from them here, by the policies that are tried.
    private PrincipalMfa? Plain(PrincipalMfa? state, Act act) => act.Head.Event switch
    {
        DeviceRemoved { Reason: RemovalReason.Expired } e when state is not null =>
            state.Expire(e.DeviceId).Aggregate((PrincipalMfa?)state, (before, expired) => Evolve(before, expired, act)),
        var e => Evolve(state, e, act),
    };

    private PrincipalMfa? Evolve(PrincipalMfa? state, object @event, Act act) => PrincipalMfa.Evolve(state, Principal, @event, act.Head.At);

    private static WhatIfReplay Counted(WhatIfReplay after, Act act) =>
        act.Followed.Any(e => e is AttemptsThrottled or EnrolmentAttemptsThrottled)
        && after.Readings.Any(state => Until(state, act) < Until(after.Real, act))
            ? after with { ShorterWaits = after.ShorterWaits + 1 }
            : after;

    private static DateTimeOffset Until(PrincipalMfa? state, Act act)
    {
        Wait?[] waits = [state?.Wait, .. act.Followed.OfType<AttemptsThrottled>().Select(e => state?.Device(e.DeviceId)?.Wait)];
        return waits.Max(wait => wait?.Until) ?? DateTimeOffset.MinValue;
    }
}
