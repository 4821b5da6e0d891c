using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Devices;

public sealed record VerifyCode([Code] string Code);

public sealed record VerifiedCode(Guid DeviceId);

/// <summary>Accepts one code of one named device, once.</summary>
public static class VerifyCodeEndpoint
{
    [WolverinePost(Routes.Device + "/verifications"), Allow(Role.Owner, Role.Service)]
    [Answers(200, typeof(VerifiedCode)), Refuses(403, "invalid-authentication-code"), Refuses(409, "device-pending")]
    [Refuses(429, "too-many-attempts")]
    public static (Answer, Events) Post(
        VerifyCode command,
        string accountId,
        Guid deviceId,
        [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa state,
        [Entity("deviceId", Required = false)] SealedSeed? seed,
        Seals seals,
        MfaEventsSettings settings,
        DateTimeOffset now)
    {
        if (state.Device(deviceId) is null || seed is null) return (Problems.NotFound, []);

        var decision = state.Verify(
            deviceId,
            held => TotpCode.Find(seals.Open(accountId, state.Id, seed), command.Code, held, now, settings.Devices),
            now,
            settings.Devices);
        return (decision.Outcome == CodeOutcome.Accepted
            ? Answer.Ok(new VerifiedCode(deviceId))
            : CodeRefusals.For(decision), [.. decision.Events]);
    }
}
