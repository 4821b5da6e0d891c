using System.Security.Cryptography;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Devices;

public sealed record AssignDevice([DeviceName] string DeviceName, [DeviceType] string DeviceType);

/// <summary>Assigns a device and shows its secret this once.</summary>
public static class AssignDeviceEndpoint
{
    [WolverinePost(Routes.Devices), Allow(Role.Owner), FreshSignIn(FreshFor.Devices), ServesRecovery]
    [Answers(201, typeof(AssignedDevice)), Refuses(409, "device-name-taken", "device-limit-reached")]
    public static async Task<(Answer, Events, OutgoingMessages, IMartenOp)> Post(
        AssignDevice command,
        string accountId,
        [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa state,
        IDocumentSession session,
        Seals seals,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        if (await session.LoadAsync<DeviceName>(DeviceName.IdOf(command.DeviceName), cancellation) is not null)
            return (Problems.DeviceNameTaken, [], [], MartenOps.Nothing());

        var deviceId = Guid.CreateVersion7(now);
        if (state.Assign(deviceId, command.DeviceName, DeviceType.Virtual, settings.Devices) is not { } assigned)
            return (Problems.DeviceLimitReached(settings.Devices.DeviceLimit), [], [], MartenOps.Nothing());

        var key = new SecretKey(RandomNumberGenerator.GetBytes(SecretKey.Length));
        return (
            Answer.CreatedWithSecret(
                $"/accounts/{accountId}/principals/{state.Id}/mfa-devices/{deviceId}",
                new ShownSecret(SecretKind.Device, deviceId),
                new AssignedDeviceWithoutSecret(deviceId, Arn.OfVirtualDevice(accountId, command.DeviceName)),
                () => AssignedDevice.Of(accountId, deviceId, command.DeviceName, key, settings.Issuer)),
            [assigned],
            [new ExpirePendingDevice(state.Id, deviceId).DelayedFor(settings.Devices.PendingLifetime)],
            MartenOps.Insert(seals.Seal(accountId, state.Id, deviceId, key)));
    }
}
