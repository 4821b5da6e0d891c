using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Devices;

/// <summary>Decisions about sign-ins, after the password was right.</summary>
public sealed partial record PrincipalMfa
{
    /// <summary>The devices whose code a sign-in may ask for: all that were ever activated, whatever became of them.</summary>
    public IEnumerable<MfaDevice> SecondFactors => Devices.Where(device => device.WasActivated);

    /// <summary>Sign-in by the password alone; null when a second factor is due.</summary>
    public SignedIn? SignInByPassword(Guid sessionId) => HasSecondFactor ? null : new SignedIn(sessionId, Factor.Password, null);

    /// <summary>The second step of a sign-in: one code of one named device.</summary>
    public CodeDecision SignInByCode(
        Guid sessionId, Guid deviceId, Func<MfaDevice, CodeMatch> find, DateTimeOffset now, DevicePolicy policy)
    {
        var decision = Verify(deviceId, find, now, policy, CodePurpose.SignIn);
        return decision.Outcome switch
        {
            CodeOutcome.Accepted =>
                decision with { Events = [.. decision.Events, new SignedIn(sessionId, Factor.Otp, deviceId)] },
            CodeOutcome.Refused or CodeOutcome.ResyncRequired =>
                decision with { Events = [.. decision.Events, new SignInRefused(Factor.Otp, deviceId)] },
            _ => decision,
        };
    }
}
