using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.Core.Devices;

/// <summary>Decisions about submitted codes. Every code passes one of these three, and every refusal is an event.</summary>
public sealed partial record PrincipalMfa
{
    /// <summary>Activation: two consecutive codes associate a pending device.</summary>
    public CodeDecision SubmitCodes(Guid deviceId, CodeMatch pair)
    {
        var device = Held(deviceId);
        if (device.WasActivated) return new CodeDecision(CodeOutcome.DeviceAlreadyActive, []);
        if (pair is not { Place: CodePlace.InWindow or CodePlace.OutsideWindow, Step: { } step, DriftSteps: { } offset })
            return Refused(device, CodePurpose.Activation, pair);

        List<object> events = [new DeviceActivated(device.DeviceId, step, offset)];
        if (pair.Place == CodePlace.OutsideWindow) events.Add(new DeviceOutOfSync(device.DeviceId, offset));

        // A password thief's device must not lie in wait for the day the owner's is gone.
        if (!HasSecondFactor)
            events.AddRange(Devices.Where(other => other.DeviceId != device.DeviceId)
                .Select(other => new DeviceRemoved(other.DeviceId, RemovalReason.Discarded)));

        return new CodeDecision(pair.Place == CodePlace.InWindow ? CodeOutcome.Accepted : CodeOutcome.OutOfSync, events);
    }

    /// <summary>Verification: one code of one named device, once.</summary>
    public CodeDecision Verify(Guid deviceId, CodeMatch code, DateTimeOffset now, DevicePolicy policy)
    {
        var device = Held(deviceId);

        if (device.Status == DeviceStatus.Pending) return new CodeDecision(CodeOutcome.DevicePending, []);
        if (device.Status == DeviceStatus.OutOfSync)
            return new CodeDecision(CodeOutcome.ResyncRequired,
                [new CodeRejected(device.DeviceId, CodePurpose.Verification, RejectionReason.OutOfSync)]);

        if (code is not { Place: CodePlace.InWindow, Step: { } step, DriftSteps: { } offset })
            return ShowsOutOfSync(device, code, policy)
                ? new CodeDecision(CodeOutcome.ResyncRequired,
                [
                    .. Refused(device, CodePurpose.Verification, code).Events,
                    new DeviceOutOfSync(device.DeviceId, code.DriftSteps!.Value),
                ])
                : Refused(device, CodePurpose.Verification, code);

        var accepted = new CodeAccepted(device.DeviceId, step, offset);
        return new CodeDecision(CodeOutcome.Accepted,
            DriftAfter(device, offset, now, policy) is { } drift
                ? [accepted, new DeviceDriftMoved(device.DeviceId, drift)]
                : [accepted]);
    }

    /// <summary>Resync: two fresh consecutive codes (RFC 4226 7.4).</summary>
    public CodeDecision Resync(Guid deviceId, CodeMatch pair, DateTimeOffset now, DevicePolicy policy)
    {
        var device = Held(deviceId);

        if (device.Status == DeviceStatus.Pending) return new CodeDecision(CodeOutcome.DevicePending, []);
        if (pair is not { Place: CodePlace.InWindow or CodePlace.OutsideWindow, Step: { } step, DriftSteps: { } offset })
            return Refused(device, CodePurpose.Resync, pair);

        // One pair from far away may be an old one that somebody wrote down: it cannot move a device into the past alone.
        if (Math.Abs(offset) > policy.DriftLimit && !Confirms(device.NotedPair, offset, now, policy))
            return new CodeDecision(CodeOutcome.AgainPlease, [new DeviceResyncNoted(device.DeviceId, step, offset)]);

        var drift = Math.Abs(offset) <= policy.SignInWindow ? 0 : offset;
        return new CodeDecision(CodeOutcome.Accepted, [new DeviceResynced(device.DeviceId, step, drift)], drift);
    }

    private MfaDevice Held(Guid deviceId) =>
        Device(deviceId) ?? throw new ArgumentException("The principal has no such device.", nameof(deviceId));

    private static CodeDecision Refused(MfaDevice device, CodePurpose purpose, CodeMatch match)
    {
        var reason = match.Place switch
        {
            CodePlace.Spent => RejectionReason.Replayed,
            CodePlace.OutsideWindow => RejectionReason.OutsideWindow,
            _ => RejectionReason.Wrong,
        };
        return new CodeDecision(CodeOutcome.Refused,
            [new CodeRejected(device.DeviceId, purpose, reason, match.Step, match.DriftSteps)]);
    }

    private static bool ShowsOutOfSync(MfaDevice device, CodeMatch code, DevicePolicy policy) =>
        code is { Place: CodePlace.OutsideWindow, Step: { } step }
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
