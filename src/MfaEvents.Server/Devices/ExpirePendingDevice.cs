using MfaEvents.Core.Devices;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Devices;

/// <summary>
/// Sent with every assignment, delayed: a device that is still pending then goes, and its slot and name are free again.
/// </summary>
public sealed record ExpirePendingDevice(string Principal, Guid DeviceId);

public static class ExpirePendingDeviceHandler
{
    public static Events Handle(
        ExpirePendingDevice message,
        [WriteModel(nameof(ExpirePendingDevice.Principal), LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa? state)
    {
        return [.. state?.Expire(message.DeviceId) ?? []];
    }
}
