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

public sealed record SubmitCodes([Code] string Code1, [Code] string Code2);

/// <summary>What became of two submitted codes.</summary>
/// <param name="Status"><c>active</c>, or <c>outOfSync</c> when the codes came too late.</param>
public sealed record SubmittedCodes(DeviceStatus Status);

/// <summary>Activates a pending device with two consecutive codes.</summary>
public static class SubmitCodesEndpoint
{
    [WolverinePost(Routes.Device + "/codes"), Allow(Role.Owner), FreshSignIn(FreshFor.Devices), ServesRecovery]
    [Answers(200, typeof(SubmittedCodes)), Refuses(403, "invalid-authentication-code"), Refuses(409, "device-already-active")]
    [Refuses(429, "too-many-attempts")]
    public static (Answer, Events) Post(
        SubmitCodes command,
        string accountId,
        Guid deviceId,
        Caller caller,
        [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa state,
        [Entity("deviceId", Required = false)] SealedSeed? seed,
        Seals seals,
        MfaEventsSettings settings,
        DateTimeOffset now)
    {
        if (state.Device(deviceId) is null || seed is null) return (Problems.NotFound, []);

        var decision = state.SubmitCodes(
            deviceId,
            held => TotpCode.FindPair(
                seals.Open(accountId, state.Id, seed), command.Code1, command.Code2, held, now, settings.Devices),
            caller.SessionOf(state.Id),
            now,
            settings.Devices);
        return (decision.Outcome switch
        {
            CodeOutcome.Accepted => Answer.Ok(new SubmittedCodes(DeviceStatus.Active)),
            CodeOutcome.OutOfSync => Answer.Ok(new SubmittedCodes(DeviceStatus.OutOfSync)),
            _ => CodeRefusals.For(decision),
        }, [.. decision.Events]);
    }
}
