using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Audit.WhatIf;

/// <summary>
/// What its events tell of an attempt. A code is in no event; the step that it belonged to is, where the search of the day found one.
/// </summary>
/// <remarks>
/// Unknown stay a code that was not looked at, as the device was out of sync, and where beyond that day's windows a wrong code would
/// have been found. Such a code is taken for a wrong one, and what is decided about it is in doubt.
/// History is taken to have been made under the policies that are in force.
/// </remarks>
internal sealed record Attempt
{
    public required Guid? DeviceId { get; init; }

    public required AttemptPurpose Purpose { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>How it ended.</summary>
    public required AttemptEnd Was { get; init; }

    /// <summary>Why it was refused, where it was.</summary>
    public RejectionReason? Because { get; init; }

    /// <summary>The step where the code, or the second one of a pair, was found.</summary>
    public long? Step { get; init; }

    /// <summary>The server's own step at the decision, to which the time of its event is near.</summary>
    public required long Current { get; init; }

    /// <summary>The attempt of an act; null when it is none.</summary>
    public static Attempt? Of(Act act, DevicePolicy policy)
    {
        var outOfSync = act.Followed.Any(e => e is DeviceOutOfSync);
        return act.Head.Event switch
        {
            CodeAccepted e => Of(act, PurposeOf(e.Purpose), AttemptEnd.Accepted, e.DeviceId, e.Step, e.DriftSteps),
            DeviceActivated e => Of(
                act, AttemptPurpose.Activation, outOfSync ? AttemptEnd.OutOfSync : AttemptEnd.Accepted, e.DeviceId, e.Step, e.DriftSteps),
            DeviceResyncNoted e => Of(act, AttemptPurpose.Resync, AttemptEnd.AgainPlease, e.DeviceId, e.Step, e.DriftSteps),
            DeviceResynced e => Of(act, AttemptPurpose.Resync, AttemptEnd.Accepted, e.DeviceId, e.Step, OffsetOf(e, act.Head.At, policy)),
            CodeRejected e => Of(act, PurposeOf(e.Purpose), RefusalOf(e, act, outOfSync), e.DeviceId, e.Step, e.DriftSteps) with
            {
                Because = e.Reason,
            },
            EnrolmentCodeRejected => Of(act, AttemptPurpose.Enrolment, AttemptEnd.Refused, null, null, null) with
            {
                Because = RejectionReason.Wrong,
            },
            SignedIn { Factor: Factor.EnrolmentCode } => Of(act, AttemptPurpose.Enrolment, AttemptEnd.Accepted, null, null, null),
            _ => null,
        };
    }

    /// <summary>What would be decided about it in a state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="real">The state in which it was decided.</param>
    /// <param name="tried">The policies by which it is decided now.</param>
    /// <param name="live">The policies by which it was decided.</param>
    public Decided In(PrincipalMfa state, PrincipalMfa real, DevicePolicy tried, DevicePolicy live)
    {
        if (DeviceId is not { } id)
            return Told(state.SignInByEnrolmentCode(Guid.Empty, 0, () => Was == AttemptEnd.Accepted, At, tried), false);
        if (state.Device(id) is null) return new Decided(AttemptEnd.DeviceGone, [], false);
        var then = real.Device(id);
        var inDoubt = false;
        var decision = Purpose switch
        {
            AttemptPurpose.Activation => state.SubmitCodes(id, FindPair, null, At, tried),
            AttemptPurpose.Resync => state.Resync(id, FindPair, EndsSuspension(then), Confirmed(then, live), tried),
            var purpose => state.Verify(id, Find, At, tried, purpose == AttemptPurpose.SignIn ? CodePurpose.SignIn : CodePurpose.Verification),
        };
        return Told(decision, inDoubt);

        CodeMatch Find(MfaDevice device)
        {
            inDoubt = Step is null && TotpCode.Outwards(Current + device.DriftSteps, tried.SignInWindow)
                .Concat(TotpCode.Outwards(Current, tried.SearchWindow)).Any(step => !WasSearched(step));
            return TotpCode.Find(at => at == Step, device, Current, tried);
        }

        CodeMatch FindPair(MfaDevice device)
        {
            var match = TotpCode.FindPair(at => at == Step, device, Current, tried);
            inDoubt = Step is null
                ? TotpCode.PairsAround(Current, tried.SearchWindow).Any(step => !WasSearched(step))
                : device.Status == DeviceStatus.Suspended && match.Place != CodePlace.Spent && !IsSuspensionTold(then);
            return match;
        }

        bool WasSearched(long step) => Purpose is AttemptPurpose.Activation or AttemptPurpose.Resync
            ? step > Current - live.SearchWindow && step <= Current + live.SearchWindow
            : Because != RejectionReason.OutOfSync
                && (Math.Abs(step - Current) <= live.SearchWindow
                    || Math.Abs(step - Current - (then?.DriftSteps ?? 0)) <= live.SignInWindow);
    }

    private static Attempt Of(Act act, AttemptPurpose purpose, AttemptEnd was, Guid? deviceId, long? step, int? offset) => new()
    {
        DeviceId = deviceId,
        Purpose = purpose,
        At = act.Head.At,
        Was = was,
        Step = step,
        Current = step - offset ?? TimeStep.At(act.Head.At),
    };

    private static AttemptPurpose PurposeOf(CodePurpose purpose) => purpose switch
    {
        CodePurpose.Activation => AttemptPurpose.Activation,
        CodePurpose.Resync => AttemptPurpose.Resync,
        CodePurpose.SignIn => AttemptPurpose.SignIn,
        _ => AttemptPurpose.Verification,
    };

    private static AttemptEnd RefusalOf(CodeRejected e, Act act, bool outOfSync) =>
        (outOfSync || e.Reason == RejectionReason.OutOfSync) && !act.Followed.Any(followed => followed is DeviceSuspended)
            ? AttemptEnd.ResyncRequired
            : AttemptEnd.Refused;

    // The event has the drift alone, which is the offset except within the window. Its time may lie in the step after the decision's.
    private static int OffsetOf(DeviceResynced e, DateTimeOffset at, DevicePolicy policy) => e.DriftSteps != 0
        ? e.DriftSteps
        : (int)Math.Clamp(e.Step - TimeStep.At(at), -policy.SignInWindow, policy.SignInWindow);

    private static Decided Told(CodeDecision decision, bool inDoubt) => new(
        decision.Outcome switch
        {
            CodeOutcome.Accepted => AttemptEnd.Accepted,
            CodeOutcome.OutOfSync => AttemptEnd.OutOfSync,
            CodeOutcome.AgainPlease => AttemptEnd.AgainPlease,
            CodeOutcome.ResyncRequired => AttemptEnd.ResyncRequired,
            CodeOutcome.DevicePending => AttemptEnd.DevicePending,
            CodeOutcome.DeviceAlreadyActive => AttemptEnd.DeviceAlreadyActive,
            CodeOutcome.Wait => AttemptEnd.Throttled,
            _ => AttemptEnd.Refused,
        },
        decision.Events,
        inDoubt);

    // Whether somebody had proved another factor shows only where the device was suspended, and the pair was a fresh one.
    private bool EndsSuspension(MfaDevice? then) => IsSuspensionTold(then) && Was != AttemptEnd.Refused;

    private bool IsSuspensionTold(MfaDevice? then) =>
        then is { Status: DeviceStatus.Suspended } && Step is { } step && !then.HasSpent(step - 1);

    // An event's time is a little later than its decision: what confirmed a pair in time is not late now.
    private DateTimeOffset Confirmed(MfaDevice? then, DevicePolicy live) =>
        Was == AttemptEnd.Accepted
        && Math.Abs(Step - Current ?? 0) > live.DriftLimit
        && then?.NotedPair is { } noted
        && noted.At + live.ResyncConfirmation < At
            ? noted.At + live.ResyncConfirmation
            : At;
}

/// <summary>What a decision about an attempt came to.</summary>
/// <param name="End">How the attempt ends.</param>
/// <param name="Events">What happens by it.</param>
/// <param name="InDoubt">Whether it hangs on something that history does not tell.</param>
internal sealed record Decided(AttemptEnd End, IReadOnlyList<object> Events, bool InDoubt);
