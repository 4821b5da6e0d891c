using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;

namespace MfaEvents.Server.Devices;

/// <summary>One entry of a device list. Never a secret.</summary>
public sealed record DeviceView(
    Guid DeviceId,
    string DeviceName,
    DeviceType DeviceType,
    string SerialNumber,
    DeviceStatus Status,
    DateTimeOffset AssignedAt,
    DateTimeOffset? ActivatedAt,
    DateTimeOffset? LastUsedAt,
    int DriftSteps)
{
    public static DeviceView Of(string accountId, MfaDevice device)
    {
        return new DeviceView(
            device.DeviceId,
            device.Name,
            device.Type,
            Arn.OfVirtualDevice(accountId, device.Name),
            device.Status,
            device.AssignedAt,
            device.ActivatedAt,
            device.LastUsedAt,
            device.DriftSteps);
    }

    public static IReadOnlyList<DeviceView> Of(string accountId, PrincipalMfa? principal) =>
        principal is null ? [] : [.. principal.Devices.Select(device => Of(accountId, device))];
}

public sealed record DevicesView(IReadOnlyList<DeviceView> Devices);
