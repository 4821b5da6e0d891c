using System.Text.Json;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Projections;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Audit;

/// <summary>
/// Writes the audit trail of each account, in the order of the event sequence. It runs in one place at a time, which is what
/// makes the index dense.
/// </summary>
public sealed class AuditTrail : IProjection
{
    public const string ProjectionName = "audit";

    // A page of events of many accounts: each account's rows are numbered on from its size. A device is called what an earlier
    // event of the page called it, or else what the pages before did.
    private const string WriteItems =
        $"""
        with page as (
            select *, row_number() over (partition by account_id order by ordinality) as nth
            from unnest(
                ?::text[], ?::uuid[], ?::text[], ?::bigint[], ?::text[], ?::timestamptz[], ?::text[], ?::text[], ?::text[], ?::text[],
                ?::uuid[], ?::text[], ?::text[], ?::jsonb[]) with ordinality as events(
                account_id, event_id, stream, version, event_type, occurred_at, actor, source_address, user_agent, correlation_id,
                device_id, device_name, device_type, data, ordinality)),
        counted as (select account_id, count(*) as items from page group by account_id),
        grown as (
            insert into {AuditTables.Sizes} as sizes (account_id, size) select account_id, items from counted
            on conflict (account_id) do update set size = sizes.size + excluded.size
            returning account_id, size)
        insert into {AuditTables.Items} (
            account_id, index, event_id, principal, stream, version, event_type, occurred_at, actor, source_address, user_agent,
            correlation_id, device_id, device_name, device_type, data)
        select
            page.account_id, grown.size - counted.items + page.nth - 1, page.event_id,
            case when page.stream like '{RootRecovery.KeyPrefix}%' then '{Principal.Root}'
                else coalesce(about.data ->> 'principal', nullif(page.stream, '{Account.StreamKey}')) end,
            page.stream, page.version, page.event_type, page.occurred_at, page.actor, page.source_address, page.user_agent,
            page.correlation_id, page.device_id, coalesce(page.device_name, called.device_name),
            coalesce(page.device_type, called.device_type), page.data
        from page join counted using (account_id) join grown using (account_id)
        left join {AuditTables.Devices} called on called.account_id = page.account_id and called.device_id = page.device_id
        left join {EventStore.Schema}.mt_doc_supportcase about
            on page.stream like 'case:%' and about.tenant_id = page.account_id and about.id = page.stream
        """;

    private const string WriteDevices =
        $"""
        insert into {AuditTables.Devices} (account_id, device_id, device_name, device_type)
        select events.account_id, events.device_id, events.device_name, coalesce(events.device_type, called.device_type)
        from unnest(?::text[], ?::uuid[], ?::text[], ?::text[]) as events(account_id, device_id, device_name, device_type)
        left join {AuditTables.Devices} called using (account_id, device_id)
        on conflict (account_id, device_id) do update set device_name = excluded.device_name
        """;

    /// <summary>What a rebuild clears away first.</summary>
    public static void Teardown(AsyncOptions options)
    {
        options.DeleteDataInTableOnTeardown(AuditTables.Items);
        options.DeleteDataInTableOnTeardown(AuditTables.Sizes);
        options.DeleteDataInTableOnTeardown(AuditTables.Devices);
    }

    public Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        // A tombstone only fills the numbers that a rolled-back command had drawn: nothing happened.
        IEvent[] page = [.. events.Where(e => e.Data is not Tombstone).OrderBy(e => e.Sequence)];
        if (page.Length == 0) return Task.CompletedTask;

        var devices = new Dictionary<(string Account, Guid Device), DeviceLabel>();
        Guid?[] deviceIds = [.. page.Select(e => DeviceOf(e.Data))];
        DeviceLabel?[] labels = [.. page.Select((e, i) => LabelOf(e, deviceIds[i], devices))];
        operations.QueueSqlCommand(
            WriteItems,
            page.Select(e => e.TenantId).ToArray(),
            page.Select(e => e.Id).ToArray(),
            page.Select(e => e.StreamKey!).ToArray(),
            page.Select(e => e.Version).ToArray(),
            page.Select(e => e.EventTypeName).ToArray(),
            page.Select(e => e.Timestamp.ToUniversalTime()).ToArray(),
            page.Select(e => e.UserName).ToArray(),
            page.Select(e => e.GetHeader(Origin.ClientAddressHeader)?.ToString()).ToArray(),
            page.Select(e => e.GetHeader(Origin.UserAgentHeader)?.ToString()).ToArray(),
            page.Select(e => e.CorrelationId).ToArray(),
            deviceIds.Select(id => id?.ToString()).ToArray(),
            labels.Select(label => label?.Name).ToArray(),
            labels.Select(label => label?.Type).ToArray(),
            page.Select(DataOf).ToArray());

        if (devices.Count > 0)
            operations.QueueSqlCommand(
                WriteDevices,
                devices.Keys.Select(key => key.Account).ToArray(),
                devices.Keys.Select(key => key.Device).ToArray(),
                devices.Values.Select(label => label.Name).ToArray(),
                devices.Values.Select(label => label.Type).ToArray());
        return Task.CompletedTask;
    }

    // It names the event at which the projection stops.
    private static string DataOf(IEvent e)
    {
        try
        {
            return JsonSerializer.Serialize(e.Data, e.Data.GetType(), Json.Options);
        }
        catch (Exception exception)
        {
            throw new ApplyEventException(e, exception);
        }
    }

    private static DeviceLabel? LabelOf(IEvent e, Guid? deviceId, Dictionary<(string Account, Guid Device), DeviceLabel> devices)
    {
        if (deviceId is not { } id) return null;
        var known = devices.GetValueOrDefault((e.TenantId, id));
        var label = e.Data switch
        {
            DeviceAssigned assigned =>
                new DeviceLabel(assigned.DeviceName, JsonNamingPolicy.CamelCase.ConvertName(assigned.DeviceType.ToString())),
            DeviceRenamed renamed => new DeviceLabel(renamed.DeviceName, known?.Type),
            _ => known,
        };
        if (label is not null) devices[(e.TenantId, id)] = label;
        return label;
    }

    private static Guid? DeviceOf(object data) => data switch
    {
        IDeviceEvent e => e.DeviceId,
        SignedIn e => e.DeviceId,
        SignInRefused e => e.DeviceId,
        _ => null,
    };

    /// <summary>What a page of events calls a device; the type is null when it was assigned before the page.</summary>
    private sealed record DeviceLabel(string Name, string? Type);
}
