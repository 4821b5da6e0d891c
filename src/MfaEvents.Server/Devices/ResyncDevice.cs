using System.Text.Json.Serialization;
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

public sealed record ResyncDevice([Code] string Code1, [Code] string Code2);

/// <summary>What became of a resync.</summary>
/// <param name="Status"><c>active</c>, or <c>outOfSync</c> while a second pair must confirm the first.</param>
public sealed record ResyncedDevice(DeviceStatus Status)
{
    /// <summary>The drift that is remembered from now on, in steps.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? DriftSteps { get; init; }

    /// <summary>Whether two more codes are needed, because these came from very far away.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Again { get; init; }

    public static Answer AnswerFor(CodeDecision decision) => decision.Outcome switch
    {
        CodeOutcome.Accepted => Answer.Ok(new ResyncedDevice(DeviceStatus.Active) { DriftSteps = decision.DriftSteps }),
        CodeOutcome.AgainPlease => Answer.Ok(new ResyncedDevice(DeviceStatus.OutOfSync) { Again = true }),
        _ => CodeRefusals.For(decision),
    };
}

/// <summary>Sets a device's drift by two fresh consecutive codes.</summary>
public static class ResyncDeviceEndpoint
{
    [WolverinePost(Routes.Device + "/resync"), Allow(Role.Owner), FreshSignIn(FreshFor.Devices), ServesRecovery]
    [Answers(200, typeof(ResyncedDevice)), Refuses(403, "invalid-authentication-code"), Refuses(409, "device-pending")]
    [Refuses(429, "too-many-attempts")]
    public static (Answer, Events) Post(
        ResyncDevice command,
        string accountId,
        Guid deviceId,
        [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa state,
        [Entity("deviceId", Required = false)] SealedSeed? seed,
        Seals seals,
        MfaEventsSettings settings,
        DateTimeOffset now)
    {
        if (state.Device(deviceId) is null || seed is null) return (Problems.NotFound, []);

        // The gate let nobody in whose fresh sign-in lacks a second factor, once there is one; a suspended device was not it.
        var decision = state.Resync(
            deviceId,
            held => TotpCode.FindPair(
                seals.Open(accountId, state.Id, seed), command.Code1, command.Code2, held, now, settings.Devices),
            endsSuspension: true,
            now,
            settings.Devices);
        return (ResyncedDevice.AnswerFor(decision), [.. decision.Events]);
    }
}
