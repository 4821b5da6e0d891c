using JasperFx.Events;
using JasperFx.Events.Daemon;
using Marten;
using Marten.Events.Projections;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit.Log;

namespace MfaEvents.Server.Audit.Trail;

/// <summary>
/// Writes the audit trail and the log of each account, in the order of the event sequence. It runs in one place at a time, which
/// is what makes the index dense.
/// </summary>
public sealed class AuditTrail : IProjection
{
    public const string ProjectionName = "audit";

    /// <summary>Raised when the trail's rows change their meaning; the log's leaves never do.</summary>
    public const uint Version = 2;

    /// <summary>What the event store calls its progress.</summary>
    public const string ShardName = "audit:V2:All";

    private static readonly string WriteItems =
        $"""
        insert into {AuditTables.Items} ({string.Join(", ", AuditTables.ItemColumns.Select(column => column.Name))})
        select * from unnest({string.Join(", ", AuditTables.ItemColumns.Select(column => $"?::{column.Type}[]"))})
        """;

    private const string WriteDevices =
        $"""
        insert into {AuditTables.Devices} (account_id, device_id, device_name, device_type)
        select * from unnest(?::text[], ?::uuid[], ?::text[], ?::text[])
        on conflict (account_id, device_id)
        do update set device_name = excluded.device_name, device_type = excluded.device_type
        """;

    private const string WriteSubjects =
        $"""
        insert into {AuditTables.Subjects} (account_id, stream, principal) select * from unnest(?::text[], ?::text[], ?::text[])
        on conflict do nothing
        """;

    private const string WriteSizes =
        $"""
        insert into {LogTables.Sizes} (account_id, size, latest_at, skew_seconds)
        select * from unnest(?::text[], ?::bigint[], ?::timestamptz[], ?::bigint[])
        on conflict (account_id) do update
        set size = excluded.size, latest_at = excluded.latest_at, skew_seconds = excluded.skew_seconds
        """;

    private const string WriteTiles =
        $"""
        insert into {LogTables.Tiles} (account_id, level, index, hashes)
        select * from unnest(?::text[], ?::smallint[], ?::bigint[], ?::bytea[])
        on conflict (account_id, level, index) do update set hashes = excluded.hashes
        """;

    public async Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        IEvent[] page = [.. events.Where(e => e.Data is not Tombstone).OrderBy(e => e.Sequence)];
        if (page.Length == 0) return;

        var state = await TrailState.ReadAsync(operations, page, cancellation);
        var entries = state.Stored.Select((stored, i) => EntryOf(state, stored, page[i])).ToArray();

        operations.QueueSqlCommand(WriteItems, AuditRow.Columns(entries));
        if (state.NewDevices is { Count: > 0 } devices)
            operations.QueueSqlCommand(
                WriteDevices,
                devices.Select(device => device.AccountId).ToArray(),
                devices.Select(device => device.Label.Id).ToArray(),
                devices.Select(device => device.Label.Name).ToArray(),
                devices.Select(device => device.Label.Type).ToArray());
        if (state.NewSubjects is { Count: > 0 } subjects)
            operations.QueueSqlCommand(
                WriteSubjects,
                subjects.Select(subject => subject.AccountId).ToArray(),
                subjects.Select(subject => subject.Stream).ToArray(),
                subjects.Select(subject => subject.Principal).ToArray());
        operations.QueueSqlCommand(
            WriteSizes,
            state.Accounts.Select(account => account.AccountId).ToArray(),
            state.Accounts.Select(account => account.Log.Size).ToArray(),
            state.Accounts.Select(account => account.Clock.LatestAt).ToArray(),
            state.Accounts.Select(account => account.Clock.SkewSeconds).ToArray());
        var tiles = state.Accounts.SelectMany(account => account.Log.Changed.Select(tile => (account.AccountId, tile))).ToArray();
        operations.QueueSqlCommand(
            WriteTiles,
            tiles.Select(row => row.AccountId).ToArray(),
            tiles.Select(row => (short)row.tile.Tile.Level).ToArray(),
            tiles.Select(row => row.tile.Tile.Index).ToArray(),
            tiles.Select(row => row.tile.Hashes).ToArray());
    }

    // An exception names the event at which the projection stops.
    private static AuditRow EntryOf(TrailState state, StoredEvent stored, IEvent e)
    {
        try
        {
            return state.Append(stored);
        }
        catch (FormatException exception)
        {
            throw new ApplyEventException(e, exception);
        }
    }
}
