using Marten;
using MfaEvents.Server.Jobs;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Audit.Trail;

/// <summary>Up to which instant the audit trail is complete.</summary>
public static class AuditHorizon
{
    /// <summary>
    /// What is allowed for between deciding an event and its first statement, and between the clocks of two nodes.
    /// </summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    // Two statements, two snapshots: whoever commits between them is either still counted as in flight or already visible. The step of a
    // rebuild may make an index for minutes, and appends nothing.
    private const string Sql =
        $"""
        select min(xact_start) from pg_stat_activity
        where datname = current_database() and backend_xid is not null and pid <> pg_backend_pid()
            and application_name <> '{ContinueRebuildHandler.ApplicationName}';
        select
            coalesce((select max(seq_id) from {EventStore.Schema}.mt_events), 0),
            coalesce(max(audit.last_seq_id), 0),
            (select timestamp from {EventStore.Schema}.mt_events
                where seq_id <= max(audit.last_seq_id) and {StoredEvents.Happened} order by seq_id desc limit 1)
        from {EventStore.Schema}.mt_event_progression audit where audit.name = '{AuditTrail.ShardName}'
        """;

    /// <summary>
    /// Nothing that happened before the answer is missing from the trail: all that was committed by then is projected, and
    /// nothing that began before it is in flight. It moves on also when nothing happens. Null when nothing was projected yet.
    /// </summary>
    public static async Task<DateTimeOffset?> ReadAsync(IQuerySession session, TimeProvider clock, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();

        await using var connection = (NpgsqlConnection)session.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);

        await reader.ReadAsync(cancellation);
        var inFlight = await InstantAsync(reader, 0, cancellation);

        await reader.NextResultAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var (newest, projected) = (reader.GetInt64(0), reader.GetInt64(1));
        if (projected < newest) return await InstantAsync(reader, 2, cancellation) - Margin;
        return (inFlight is { } began && began < now ? began : now) - Margin;
    }

    private static async Task<DateTimeOffset?> InstantAsync(
        NpgsqlDataReader reader, int column, CancellationToken cancellation) =>
        await reader.IsDBNullAsync(column, cancellation)
            ? null
            : await reader.GetFieldValueAsync<DateTimeOffset>(column, cancellation);
}
