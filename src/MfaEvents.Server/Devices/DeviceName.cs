using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Sealing;

namespace MfaEvents.Server.Devices;

/// <summary>A device name in use in an account.</summary>
/// <param name="Id">The name in lower case: names are unique without case.</param>
/// <param name="DeviceId">The device that has it.</param>
public sealed record DeviceName(string Id, Guid DeviceId)
{
    public static string IdOf(string deviceName)
    {
        return deviceName.ToLowerInvariant();
    }
}

/// <summary>
/// Keeps the device names of each account, in the transaction of their events: the second insert of a name fails there, and a
/// removed device frees its name whatever removed it.
/// </summary>
public sealed partial class DeviceNames : EventProjection
{
    public DeviceNames()
    {
        Name = "device-names";
        Options.DeleteViewTypeOnTeardown<DeviceName>();
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        switch (e.Data)
        {
            case DeviceAssigned assigned:
                operations.Insert(new DeviceName(DeviceName.IdOf(assigned.DeviceName), assigned.DeviceId));
                break;
            case DeviceRenamed renamed when DeviceName.IdOf(renamed.DeviceName) != DeviceName.IdOf(renamed.PreviousName):
                operations.Insert(new DeviceName(DeviceName.IdOf(renamed.DeviceName), renamed.DeviceId));
                operations.Delete<DeviceName>(DeviceName.IdOf(renamed.PreviousName));
                break;
            case DeviceRemoved removed:
                operations.DeleteWhere<DeviceName>(name => name.DeviceId == removed.DeviceId);
                break;
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Destroys the seed of every removed device, in the transaction of its removal, whatever removed it.</summary>
public sealed partial class SeedDestruction : EventProjection
{
    public SeedDestruction()
    {
        Name = "seed-destruction";

        // What a rebuild clears away it builds again, and nothing builds a seed again: it would be every device's end.
        Options.TeardownDataOnRebuild = false;
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        if (e.Data is DeviceRemoved removed) operations.Delete<SealedSeed>(removed.DeviceId);
        return ValueTask.CompletedTask;
    }
}
