using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Devices;

/// <summary>Decisions about sign-ins, after the password was right.</summary>
public sealed partial record PrincipalMfa
{
    /// <summary>The devices whose code a sign-in may ask for: all that were ever activated, whatever became of them.</summary>
    public IEnumerable<MfaDevice> SecondFactors => Devices.Where(device => device.WasActivated);

    /// <summary>Sign-in by the password alone; null when a second factor is due.</summary>
    public SignedIn? SignInByPassword(Guid sessionId, int wrongPasswords = 0) =>
        PasswordAloneServes ? new SignedIn(sessionId, Factor.Password, null, FailuresBefore(wrongPasswords)) : null;

    /// <summary>A completed recovery signs in in the place of a device; whatever else the password gave ends.</summary>
    public static IReadOnlyList<object> SignInByRecovery(Guid recoveryId, Guid sessionId) =>
    [
        new RecoveryVerified(recoveryId),
        new SessionsEnded(SessionsEndReason.Recovered, sessionId),
        new SignedIn(sessionId, Factor.Recovery, null),
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
                decision with
                {
                    Events = [.. decision.Events, new SignedIn(sessionId, Factor.Otp, deviceId, FailuresBefore(wrongPasswords))],
                },
            CodeOutcome.Refused or CodeOutcome.ResyncRequired =>
                decision with { Events = [.. decision.Events, new SignInRefused(Factor.Otp, deviceId, RefusedSignIns + 1)] },
            _ => decision,
        };
    }

    /// <summary>What follows when somebody who was told of an event says that it was not theirs.</summary>
    public static IReadOnlyList<object> Repudiate() => [new SessionsEnded(SessionsEndReason.Repudiated, null)];

    private int? FailuresBefore(int wrongPasswords) => RefusedSignIns + wrongPasswords is > 0 and var failures ? failures : null;
}
