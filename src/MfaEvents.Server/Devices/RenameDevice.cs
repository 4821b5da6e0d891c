using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Devices;

public sealed record RenameDevice([DeviceName] string DeviceName);

/// <summary>Gives a device another name.</summary>
public static class RenameDeviceEndpoint
{
    [WolverinePatch(Routes.Device), Allow(Role.Owner), FreshSignIn(FreshFor.Devices), ServesRecovery]
    [Answers(200, typeof(DeviceView)), Refuses(409, "device-name-taken")]
    public static async Task<(Answer, Events)> Patch(
        RenameDevice command,
        string accountId,
        Guid deviceId,
        [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa state,
        IDocumentSession session,
        MfaEventsSettings settings,
        CancellationToken cancellation)
    {
        if (state.Device(deviceId) is not { } device) return (Problems.NotFound, []);

        var owner = await session.LoadAsync<DeviceName>(DeviceName.IdOf(command.DeviceName), cancellation);
        if (owner is not null && owner.DeviceId != deviceId) return (Problems.DeviceNameTaken, []);

        return (Answer.Ok(DeviceView.Of(accountId, device with { Name = command.DeviceName }, settings.Devices)),
            [.. PrincipalMfa.Rename(device, command.DeviceName)]);
    }
}
