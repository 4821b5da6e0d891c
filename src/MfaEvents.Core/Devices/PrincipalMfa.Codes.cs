using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Devices;

/// <summary>
/// Decisions about submitted codes. Every code passes one of these three, each of them asks for the wait before it looks at the
/// code, and every refusal of what was looked at is an event.
/// </summary>
public sealed partial record PrincipalMfa
{
    /// <summary>Activation: two consecutive codes associate a pending device.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="find">Looks for the pair; not called during a wait.</param>
    /// <param name="keptSession">The session of the principal that submits it.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">The policies.</param>
    public CodeDecision SubmitCodes(
        Guid deviceId, Func<MfaDevice, CodeMatch> find, Guid? keptSession, DateTimeOffset now, DevicePolicy policy)
    {
        var device = Held(deviceId);
        if (device.WasActivated) return new CodeDecision(CodeOutcome.DeviceAlreadyActive, []);
        if (Waits(device, now) is { } wait) return wait;

        var pair = find(device);
        if (pair is not { Place: CodePlace.InWindow or CodePlace.OutsideWindow, Step: { } step, DriftSteps: { } offset })
            return Refuse(device, CodePurpose.Activation, pair, policy);

        List<object> events = [new DeviceActivated(device.DeviceId, step, offset)];
        if (pair.Place == CodePlace.OutsideWindow) events.Add(new DeviceOutOfSync(device.DeviceId, offset));

        // A password thief's device or session must not lie in wait for the day the owner's is gone.
        if (!HasSecondFactor)
        {
            events.AddRange(Devices.Where(other => other.DeviceId != device.DeviceId)
                .Select(other => new DeviceRemoved(other.DeviceId, RemovalReason.Discarded)));
            events.Add(new SessionsEnded(SessionsEndReason.FirstDeviceActivated, keptSession));
        }

        return new CodeDecision(pair.Place == CodePlace.InWindow ? CodeOutcome.Accepted : CodeOutcome.OutOfSync, events);
    }

    /// <summary>Verification, by itself or within a sign-in: one code of one named device, once.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="find">Looks for the code; not called during a wait, or when no code would be accepted.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">The policies.</param>
    /// <param name="purpose">What a refusal says that it was submitted for.</param>
    public CodeDecision Verify(
        Guid deviceId,
        Func<MfaDevice, CodeMatch> find,
        DateTimeOffset now,
        DevicePolicy policy,
        CodePurpose purpose = CodePurpose.Verification)
    {
        var device = Held(deviceId);
        if (device.Status == DeviceStatus.Pending) return new CodeDecision(CodeOutcome.DevicePending, []);
        if (Waits(device, now) is { } wait) return wait;

        if (device.Status == DeviceStatus.OutOfSync)
            return Refuse(device, new CodeRejected(device.DeviceId, purpose, RejectionReason.OutOfSync), policy);

        // A suspended device looks for the code as any other does, so that the caller's clock tells no difference.
        var code = find(device);
        if (device.Status == DeviceStatus.Suspended
            || code is not { Place: CodePlace.InWindow, Step: { } step, DriftSteps: { } offset })
            return Refuse(device, purpose, code, policy);

        var accepted = new CodeAccepted(device.DeviceId, step, offset, purpose);
        return new CodeDecision(CodeOutcome.Accepted,
            DriftAfter(device, offset, now, policy) is { } drift
                ? [accepted, new DeviceDriftMoved(device.DeviceId, drift)]
                : [accepted]);
    }

    /// <summary>Resync: two fresh consecutive codes (RFC 4226 7.4).</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="find">Looks for the pair; not called during a wait.</param>
    /// <param name="endsSuspension">Whether the caller has freshly proved another factor than this device.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">The policies.</param>
    public CodeDecision Resync(
        Guid deviceId, Func<MfaDevice, CodeMatch> find, bool endsSuspension, DateTimeOffset now, DevicePolicy policy)
    {
        var device = Held(deviceId);
        if (device.Status == DeviceStatus.Pending) return new CodeDecision(CodeOutcome.DevicePending, []);
        if (Waits(device, now) is { } wait) return wait;

        var pair = find(device);
        if ((device.Status == DeviceStatus.Suspended && !endsSuspension)
            || pair is not { Place: CodePlace.InWindow or CodePlace.OutsideWindow, Step: { } step, DriftSteps: { } offset })
            return Refuse(device, CodePurpose.Resync, pair, policy);

        // One pair from far away may be an old one that somebody wrote down: it cannot move a device into the past alone.
        if (Math.Abs(offset) > policy.DriftLimit && !Confirms(device.NotedPair, offset, now, policy))
            return new CodeDecision(CodeOutcome.AgainPlease, [new DeviceResyncNoted(device.DeviceId, step, offset)]);

        var drift = Math.Abs(offset) <= policy.SignInWindow ? 0 : offset;
        return new CodeDecision(CodeOutcome.Accepted, [new DeviceResynced(device.DeviceId, step, drift)], drift);
    }

    private MfaDevice Held(Guid deviceId) =>
        Device(deviceId) ?? throw new ArgumentException("The principal has no such device.", nameof(deviceId));

    private CodeDecision? Waits(MfaDevice device, DateTimeOffset now) =>
        Math.Max(Wait?.SecondsLeft(now) ?? 0, device.Wait?.SecondsLeft(now) ?? 0) is > 0 and var seconds
            ? new CodeDecision(CodeOutcome.Wait, [], WaitSeconds: seconds)
            : null;

    private CodeDecision Refuse(MfaDevice device, CodePurpose purpose, CodeMatch match, DevicePolicy policy)
    {
        var reason = (device.Status, match.Place) switch
        {
            (DeviceStatus.Suspended, _) => RejectionReason.Suspended,
            (_, CodePlace.Spent) => RejectionReason.Replayed,
            (_, CodePlace.OutsideWindow) => RejectionReason.OutsideWindow,
            _ => RejectionReason.Wrong,
        };
        return Refuse(device, new CodeRejected(device.DeviceId, purpose, reason, match.Step, match.DriftSteps), policy);
    }

    // The rejection, and what comes of it: out of sync, suspended, and the beginning of a wait.
    private CodeDecision Refuse(MfaDevice device, CodeRejected rejected, DevicePolicy policy)
    {
        List<object> events = [rejected];
        var outOfSync = ShowsOutOfSync(device, rejected, policy);
        if (outOfSync) events.Add(new DeviceOutOfSync(device.DeviceId, rejected.DriftSteps!.Value));

        // A pending device expires instead: suspended it would count as a factor.
        var failures = device.ConsecutiveFailures + 1;
        var suspends = device is { WasActivated: true, Status: not DeviceStatus.Suspended }
            && failures >= policy.Throttle.SuspendAt;
        if (suspends) events.Add(new DeviceSuspended(device.DeviceId, failures));

        var deviceWait = policy.Throttle.SecondsAfter(failures);
        var principalWait = policy.Throttle.SecondsAfter(ConsecutiveFailures + 1);
        if (deviceWait + principalWait > 0) events.Add(new AttemptsThrottled(device.DeviceId, deviceWait, principalWait));

        // What a suspended device is asked for looks like a wrong code.
        var resync = !suspends && (outOfSync || rejected.Reason == RejectionReason.OutOfSync);
        return new CodeDecision(resync ? CodeOutcome.ResyncRequired : CodeOutcome.Refused, events);
    }

    private static bool ShowsOutOfSync(MfaDevice device, CodeRejected rejected, DevicePolicy policy) =>
        rejected is
        {
            Purpose: CodePurpose.Verification or CodePurpose.SignIn, Reason: RejectionReason.OutsideWindow, Step: { } step,
        }
        && !device.StraySteps.Contains(step)
        && device.StraySteps.Length + 1 >= policy.OutOfSyncRun;

    private static bool Confirms(NotedPair? noted, int offset, DateTimeOffset now, DevicePolicy policy) =>
        noted is not null
        && Math.Abs(offset - noted.DriftSteps) <= 1
        && now - noted.At <= policy.ResyncConfirmation;

    // The drift walk of verifiers that adopt every offset: a code 3 minutes stale grows to 36 minutes stale in 12 sign-ins.
    private static int? DriftAfter(MfaDevice device, int offset, DateTimeOffset now, DevicePolicy policy)
    {
        var run = NextEdgeRun(device, offset);
        var drift = device.DriftSteps + Math.Sign(run);
        var towardsZero = Math.Abs(drift) < Math.Abs(device.DriftSteps);
        return Math.Abs(run) >= policy.DriftRun
            && (towardsZero || Math.Abs(drift) <= policy.DriftLimit)
            && (device.DriftMovedAt is not { } moved || now - moved >= policy.DriftPause)
                ? drift
                : null;
    }
}
