using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Devices;

/// <summary>Decisions about sign-ins, after the password was right.</summary>
public sealed partial record PrincipalMfa
{
    /// <summary>The devices whose code a sign-in may ask for: all that were ever activated, whatever became of them.</summary>
    public IEnumerable<MfaDevice> SecondFactors => Devices.Where(device => device.WasActivated);

    /// <summary>Sign-in by the password alone; null when something more is due.</summary>
    public SignedIn? SignInByPassword(Guid sessionId, DateTimeOffset now) =>
        HasSecondFactor || EnrolmentCodeRequired ? null : Begun(sessionId, Factor.Password, null, now);

    /// <summary>The second step of a sign-in after a removal by support, until a device is active.</summary>
    /// <param name="sessionId">The session that it begins.</param>
    /// <param name="isRight">Compares the code; not called during a wait.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">The policies.</param>
    public CodeDecision SignInByEnrolmentCode(Guid sessionId, Func<bool> isRight, DateTimeOffset now, DevicePolicy policy)
    {
        if (Wait?.SecondsLeft(now) is { } seconds) return new CodeDecision(CodeOutcome.Wait, [], WaitSeconds: seconds);
        if (EnrolmentCodeRequired && isRight())
            return new CodeDecision(CodeOutcome.Accepted, [Begun(sessionId, Factor.EnrolmentCode, null, now)]);

        List<object> events = [new EnrolmentCodeRejected(), new SignInRefused(Factor.EnrolmentCode, null)];
        var wait = policy.Throttle.SecondsAfter(ConsecutiveFailures + 1);
        if (wait > 0) events.Add(new EnrolmentAttemptsThrottled(wait));
        return new CodeDecision(CodeOutcome.Refused, events);
    }

    /// <summary>The second step of a sign-in: one code of one named device.</summary>
    public CodeDecision SignInByCode(
        Guid sessionId, Guid deviceId, Func<MfaDevice, CodeMatch> find, DateTimeOffset now, DevicePolicy policy)
    {
        var decision = Verify(deviceId, find, now, policy, CodePurpose.SignIn);
        return decision.Outcome switch
        {
            CodeOutcome.Accepted =>
                decision with { Events = [.. decision.Events, Begun(sessionId, Factor.Otp, deviceId, now)] },
            CodeOutcome.Refused or CodeOutcome.ResyncRequired =>
                decision with { Events = [.. decision.Events, new SignInRefused(Factor.Otp, deviceId)] },
            _ => decision,
        };
    }

    private SignedIn Begun(Guid sessionId, Factor factor, Guid? deviceId, DateTimeOffset now) =>
        new(sessionId, factor, deviceId, now < WatchedUntil ? true : null);
}
