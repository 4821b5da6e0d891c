using System.Text.Json;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Projections;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Audit;

/// <summary>
/// Writes the audit trail of each account, in the order of the event sequence. It runs in one place at a time, which is what
/// makes the index dense.
/// </summary>
public sealed class AuditTrail : IProjection
{
    public const string ProjectionName = "audit";

    /// <summary>What a rebuild clears away first.</summary>
    public static void Teardown(AsyncOptions options)
    {
        options.DeleteViewTypeOnTeardown<AuditItem>();
        options.DeleteViewTypeOnTeardown<AuditSize>();
        options.DeleteViewTypeOnTeardown<AuditedDevice>();
    }

    public async Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        // A tombstone only fills the numbers that a rolled-back command had drawn: nothing happened.
        foreach (var account in events.Where(e => e.Data is not Tombstone).GroupBy(e => e.TenantId))
            await ApplyAsync(operations, account.Key, [.. account.OrderBy(e => e.Sequence)], cancellation);
    }

    private static async Task ApplyAsync(
        IDocumentOperations operations, string accountId, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        var documents = operations.ForTenant(accountId);
        var next = (await documents.LoadAsync<AuditSize>(AuditSize.Key, cancellation))?.Size ?? 0;
        Guid[] concerned = [.. events.Select(e => DeviceOf(e.Data)).OfType<Guid>().Distinct()];
        var devices = (await documents.LoadManyAsync<AuditedDevice>(cancellation, concerned))
            .ToDictionary(device => device.Id);

        foreach (var e in events)
            try
            {
                if (Named(e.Data, devices) is { } named)
                {
                    devices[named.Id] = named;
                    documents.Store(named);
                }

                documents.Store(Item(e, next++, DeviceOf(e.Data) is { } id ? devices.GetValueOrDefault(id) : null));
            }
            catch (Exception exception)
            {
                // It names the event at which the projection stops.
                throw new ApplyEventException(e, exception);
            }

        documents.Store(new AuditSize(AuditSize.Key, next));
    }

    private static AuditItem Item(IEvent e, long index, AuditedDevice? device) => new()
    {
        Id = e.Id,
        Index = index,
        Principal = e.StreamKey == Account.StreamKey ? null : e.StreamKey,
        Stream = e.StreamKey!,
        Version = e.Version,
        EventType = e.EventTypeName,
        OccurredAt = e.Timestamp,
        Actor = e.UserName,
        SourceAddress = e.GetHeader(Origin.ClientAddressHeader)?.ToString(),
        UserAgent = e.GetHeader(Origin.UserAgentHeader)?.ToString(),
        CorrelationId = e.CorrelationId,
        DeviceId = DeviceOf(e.Data),
        DeviceName = device?.DeviceName,
        DeviceType = device?.DeviceType,
        Data = JsonSerializer.SerializeToElement(e.Data, e.Data.GetType(), Json.Options),
    };

    private static AuditedDevice? Named(object data, Dictionary<Guid, AuditedDevice> devices) => data switch
    {
        DeviceAssigned e =>
            new AuditedDevice(e.DeviceId, e.DeviceName, JsonNamingPolicy.CamelCase.ConvertName(e.DeviceType.ToString())),
        DeviceRenamed e when devices.TryGetValue(e.DeviceId, out var device) => device with { DeviceName = e.DeviceName },
        _ => null,
    };

    private static Guid? DeviceOf(object data) => data switch
    {
        IDeviceEvent e => e.DeviceId,
        SignedIn e => e.DeviceId,
        SignInRefused e => e.DeviceId,
        _ => null,
    };
}
