using MfaEvents.Core.SignIn;
using MfaEvents.Core.Support;

namespace MfaEvents.Core.Devices;

/// <summary>Decisions about the devices themselves.</summary>
public sealed partial record PrincipalMfa
{
    /// <summary>Whether the principal has all the devices it may have.</summary>
    public bool IsFull(DevicePolicy policy)
    {
        return Devices.Length >= policy.DeviceLimit;
    }

    /// <summary>Assigns a device; null when the principal is full.</summary>
    public DeviceAssigned? Assign(Guid deviceId, string deviceName, DeviceType type, DevicePolicy policy) =>
        IsFull(policy) ? null : new DeviceAssigned(deviceId, deviceName, type);

    /// <summary>Renames a device; nothing happens when it has that name already.</summary>
    public static IReadOnlyList<object> Rename(MfaDevice device, string deviceName)
    {
        return device.Name == deviceName ? [] : [new DeviceRenamed(device.DeviceId, deviceName, device.Name)];
    }

    /// <summary>Removes a device. With one that was ever a factor, the sessions that it may have given end.</summary>
    /// <param name="device">The device.</param>
    /// <param name="keptSession">The session of the principal that asked for it.</param>
    public static IReadOnlyList<object> Remove(MfaDevice device, Guid? keptSession)
    {
        var removed = new DeviceRemoved(device.DeviceId, RemovalReason.Requested);
        return device.WasActivated ? [removed, new SessionsEnded(SessionsEndReason.DeviceRemoved, keptSession)] : [removed];
    }

    /// <summary>Removes every device for a case that two people decided, and ends every session.</summary>
    public IReadOnlyList<object> RemoveBySupport(Guid caseId, DateTimeOffset now, SupportPolicy policy) =>
    [
        .. Devices.Select(device => new DeviceRemoved(device.DeviceId, RemovalReason.Support)),
        new MfaRemovedBySupport(caseId, Devices.Length, now + policy.WatchPeriod),
        new SessionsEnded(SessionsEndReason.MfaRemovedBySupport, null),
    ];

    /// <summary>Removes a device that was never activated; nothing happens when it was, or is gone.</summary>
    public IReadOnlyList<object> Expire(Guid deviceId) =>
        Device(deviceId) is { Status: DeviceStatus.Pending }
            ? [new DeviceRemoved(deviceId, RemovalReason.Expired)]
            : [];
}
