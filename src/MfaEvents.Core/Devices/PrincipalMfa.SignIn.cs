using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Devices;

/// <summary>Decisions about sign-ins, after the password was right.</summary>
public sealed partial record PrincipalMfa
{
    /// <summary>The devices whose code a sign-in may ask for: all that were ever activated, whatever became of them.</summary>
    public IEnumerable<MfaDevice> SecondFactors => Devices.Where(device => device.WasActivated);

    /// <summary>Sign-in by the password alone; null when something more is due.</summary>
    public SignedIn? SignInByPassword(Guid sessionId, DateTimeOffset now, int wrongPasswords = 0) =>
        PasswordAloneServes ? Begun(sessionId, Factor.Password, null, wrongPasswords, now) : null;

    /// <summary>The second step of a sign-in after a removal by support, until a device is active.</summary>
    /// <param name="sessionId">The session that it begins.</param>
    /// <param name="wrongPasswords">Wrong passwords in a row before.</param>
    /// <param name="isRight">Compares the code; not called during a wait.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">The policies.</param>
    public CodeDecision SignInByEnrolmentCode(
        Guid sessionId, int wrongPasswords, Func<bool> isRight, DateTimeOffset now, DevicePolicy policy)
    {
        if (Wait?.SecondsLeft(now) is { } seconds) return new CodeDecision(CodeOutcome.Wait, [], WaitSeconds: seconds);
        if (EnrolmentCodeRequired && isRight())
            return new CodeDecision(CodeOutcome.Accepted, [Begun(sessionId, Factor.EnrolmentCode, null, wrongPasswords, now)]);

        List<object> events = [new EnrolmentCodeRejected(), new SignInRefused(Factor.EnrolmentCode, null, RefusedSignIns + 1)];
        var wait = policy.Throttle.SecondsAfter(ConsecutiveFailures + 1);
        if (wait > 0) events.Add(new EnrolmentAttemptsThrottled(wait));
        return new CodeDecision(CodeOutcome.Refused, events);
    }

    /// <summary>A completed recovery signs in in the place of a device; whatever else the password gave ends.</summary>
    public IReadOnlyList<object> SignInByRecovery(Guid recoveryId, Guid sessionId, DateTimeOffset now) =>
    [
        new RecoveryVerified(recoveryId),
        new SessionsEnded(SessionsEndReason.Recovered, sessionId),
        Begun(sessionId, Factor.Recovery, null, 0, now),
    ];

    /// <summary>
    /// A completed recovery was not the owner's: what came of it is taken back. All sessions end, since a session cannot be told
    /// to be the owner's for certain.
    /// </summary>
    public IReadOnlyList<object> UndoRecovery(Guid recoveryId, RecoveryTraces traces) =>
    [
        .. Devices.Where(device => traces.Devices.Contains(device.DeviceId))
            .Select(device => new DeviceRemoved(device.DeviceId, RemovalReason.Repudiated)),
        new RecoveryUndone(recoveryId, traces.SetPassword),
        new SessionsEnded(SessionsEndReason.Repudiated, null),
    ];

    /// <summary>The second step of a sign-in: one code of one named device.</summary>
    public CodeDecision SignInByCode(
        Guid sessionId,
        Guid deviceId,
        Func<MfaDevice, CodeMatch> find,
        DateTimeOffset now,
        DevicePolicy policy,
        int wrongPasswords = 0)
    {
        var decision = Verify(deviceId, find, now, policy, CodePurpose.SignIn);
        return decision.Outcome switch
        {
            CodeOutcome.Accepted =>
                decision with { Events = [.. decision.Events, Begun(sessionId, Factor.Otp, deviceId, wrongPasswords, now)] },
            CodeOutcome.Refused or CodeOutcome.ResyncRequired =>
                decision with { Events = [.. decision.Events, new SignInRefused(Factor.Otp, deviceId, RefusedSignIns + 1)] },
            _ => decision,
        };
    }

    private SignedIn Begun(Guid sessionId, Factor factor, Guid? deviceId, int wrongPasswords, DateTimeOffset now) =>
        new(sessionId, factor, deviceId, FailuresBefore(wrongPasswords), now < WatchedUntil ? true : null);

    /// <summary>What follows when somebody who was told of an event says that it was not theirs.</summary>
    public static IReadOnlyList<object> Repudiate() => [new SessionsEnded(SessionsEndReason.Repudiated, null)];

    private int? FailuresBefore(int wrongPasswords) => RefusedSignIns + wrongPasswords is > 0 and var failures ? failures : null;
}
