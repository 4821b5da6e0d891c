using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Devices;

/// <summary>Removes a device, in whatever state; its seed is gone with it.</summary>
public static class RemoveDeviceEndpoint
{
    [WolverineDelete(Routes.Device), Allow(Role.Owner), FreshSignIn(FreshFor.Devices), ServesRecovery]
    [Answers(204)]
    public static (Answer, Events) Delete(
        Guid deviceId,
        Caller caller,
        [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa state)
    {
        return state.Device(deviceId) is { } device
            ? (Answer.NoContent, [.. PrincipalMfa.Remove(device, caller.SessionOf(state.Id))])
            : (Problems.NotFound, []);
    }
}
