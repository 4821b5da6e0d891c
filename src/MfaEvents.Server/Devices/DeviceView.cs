using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;

namespace MfaEvents.Server.Devices;

/// <summary>One entry of a device list. Never a secret.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="DeviceName">Its name.</param>
/// <param name="DeviceType">Its type.</param>
/// <param name="SerialNumber">Its ARN.</param>
/// <param name="Status">Where it stands in its life.</param>
/// <param name="AssignedAt">When it was assigned.</param>
/// <param name="ActivatedAt">When it was activated.</param>
/// <param name="LastUsedAt">When a code of it was last accepted for a sign-in or verification.</param>
/// <param name="DriftSteps">The remembered offset of its clock, in steps of 30 s.</param>
/// <param name="ConsecutiveFailures">Refused codes in a row.</param>
/// <param name="DriftRatePpm">How its clock runs, by its accepted codes: parts per million, positive for a fast one.</param>
/// <param name="LeavesWindowAt">When its codes will no longer be accepted without a resync, if its clock goes on so.</param>
public sealed record DeviceView(
    Guid DeviceId,
    string DeviceName,
    DeviceType DeviceType,
    string SerialNumber,
    DeviceStatus Status,
    DateTimeOffset AssignedAt,
    DateTimeOffset? ActivatedAt,
    DateTimeOffset? LastUsedAt,
    int DriftSteps,
    int ConsecutiveFailures,
    double? DriftRatePpm,
    DateTimeOffset? LeavesWindowAt)
{
    public static DeviceView Of(string accountId, MfaDevice device, DevicePolicy policy)
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
            device.DriftSteps,
            device.ConsecutiveFailures,
            device.Trend?.RatePpm() is { } rate ? Math.Round(rate, 1) : null,
            device.Trend?.LeavesWindowAt(device.DriftSteps, policy));
    }

    public static IReadOnlyList<DeviceView> Of(string accountId, PrincipalMfa? principal, DevicePolicy policy) =>
        principal is null ? [] : [.. principal.Devices.Select(device => Of(accountId, device, policy))];
}

public sealed record DevicesView(IReadOnlyList<DeviceView> Devices);
