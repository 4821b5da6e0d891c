using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Audit.Push;

/// <summary>
/// A node's turn to push: a connection that holds the lock, and through which alone the position is read and moved. With the node, or the
/// connection, the turn ends.
/// </summary>
public sealed class PushTurn : IAsyncDisposable
{
    /// <summary>The key of the only row.</summary>
    public const string Webhook = "webhook";

    /// <summary>Moves the position behind an event; there was no failure then.</summary>
    public const string Move =
        $"""
        insert into {PushTables.Position} (id, sequence) values ('{Webhook}', ?)
        on conflict (id) do update set sequence = excluded.sequence, failing_since = null, cause = null
        """;

    private const string Fail =
        $"""
        insert into {PushTables.Position} (id, sequence, failing_since, cause) values ('{Webhook}', 0, $1, $2)
        on conflict (id) do update
        set failing_since = coalesce({PushTables.Position}.failing_since, excluded.failing_since), cause = excluded.cause
        """;

    private const string Lag =
        $"select max(last_seq_id) from {EventStore.Schema}.mt_event_progression where name = '{AuditTrail.ShardName}'";

    private readonly NpgsqlConnection connection;

    private PushTurn(NpgsqlConnection connection) => this.connection = connection;

    /// <summary>Waits until no other node has it.</summary>
    public static async Task<PushTurn> TakeAsync(string connectionString, TimeSpan pause, CancellationToken cancellation)
    {
        var own = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };

        // A machine that is gone without a word keeps the lock for half a minute, and not for PostgreSQL's two hours.
        own.Options = $"{own.Options} -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";
        var connection = new NpgsqlConnection(own.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellation);
            await using var enter = new NpgsqlCommand("select pg_try_advisory_lock($1)", connection);
            enter.Parameters.Add(new NpgsqlParameter<long> { TypedValue = AdvisoryLock.Push });
            while (await enter.ExecuteScalarAsync(cancellation) is not true) await Task.Delay(pause, cancellation);
            return new PushTurn(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Behind which event the push is.</summary>
    public async Task<long> PositionAsync(CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"select sequence from {PushTables.Position} where id = '{Webhook}'", connection);
        return await command.ExecuteScalarAsync(cancellation) as long? ?? 0;
    }

    /// <summary>The next events of all accounts; the trail writes them in the order of their sequence, and none comes late.</summary>
    public async Task<IReadOnlyList<AuditRow>> NextAsync(long position, int limit, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"{AuditRow.Select} where sequence > $1 order by sequence limit $2", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<AuditRow>();
        while (await reader.ReadAsync(cancellation)) rows.Add(AuditRow.Read(reader));
        return rows;
    }

    /// <summary>How far the trail is.</summary>
    public async Task<long> TrailAsync(CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Lag, connection);
        return await command.ExecuteScalarAsync(cancellation) as long? ?? 0;
    }

    public async Task MoveAsync(long position, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Move.Replace("?", "$1", StringComparison.Ordinal), connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Writes down, for whichever node is asked, that the receiver fails.</summary>
    public async Task FailAsync(DateTimeOffset since, string cause, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Fail, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = since });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = cause });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
