using Marten;
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

    private const string Move =
        $"""
        insert into {PushTables.Position} (id, sequence, given_up) values ('{Webhook}', $1, $2)
        on conflict (id) do update
        set sequence = greatest({PushTables.Position}.sequence, excluded.sequence), given_up = excluded.given_up, failing_since = null, cause = null
        """;

    private const string Fail =
        $"""
        insert into {PushTables.Position} (id, sequence, failing_since, cause) values ('{Webhook}', 0, $1, $2)
        on conflict (id) do update
        set failing_since = coalesce({PushTables.Position}.failing_since, excluded.failing_since), cause = excluded.cause
        """;

    private const string Lag =
        $"""
        select
          (select max(last_seq_id) from {EventStore.Schema}.mt_event_progression where name = '{AuditTrail.ShardName}'),
          (select occurred_at from {AuditTables.Items} where sequence > $1 order by sequence limit 1)
        """;

    private readonly NpgsqlConnection connection;

    private PushTurn(NpgsqlConnection connection) => this.connection = connection;

    /// <summary>Waits until no other node has it, and says whenever one has.</summary>
    public static async Task<PushTurn> TakeAsync(string connectionString, TimeSpan pause, Action another, CancellationToken cancellation)
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
            while (await enter.ExecuteScalarAsync(cancellation) is not true)
            {
                another();
                await Task.Delay(pause, cancellation);
            }

            return new PushTurn(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Behind which event the push is, and how many in a row were given up before it.</summary>
    public async Task<(long Sequence, int GivenUp)> PositionAsync(CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"select sequence, given_up from {PushTables.Position} where id = '{Webhook}'", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? (reader.GetInt64(0), reader.GetInt32(1)) : (0, 0);
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

    /// <summary>How far a position is behind the trail, and when the oldest event happened that lies between them.</summary>
    public async Task<(long Lag, DateTimeOffset? Oldest)> LagAsync(long position, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Lag, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return await reader.IsDBNullAsync(1, cancellation)
            ? (0, null)
            : (Math.Max(1, reader.GetInt64(0) - position), reader.GetFieldValue<DateTimeOffset>(1));
    }

    /// <summary>Moves the position behind an event that was delivered.</summary>
    public Task MoveAsync(long position, CancellationToken cancellation) => MoveAsync(position, 0, null, cancellation);

    /// <summary>Moves the position behind an event that is put aside, in one commit with what the session has to write.</summary>
    public async Task PutAsideAsync(
        long position, int givenUp, IDocumentStore store, Func<IDocumentSession, Task> aside, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await MoveAsync(position, givenUp, transaction, cancellation);
        var own = Marten.Services.SessionOptions.ForTransaction(transaction, shouldAutoCommit: true);
        own.Tracking = DocumentTracking.None;
        await using var session = store.OpenSession(own);
        await aside(session);
        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>Writes down, for whichever node is asked, that nothing is delivered.</summary>
    public async Task FailAsync(DateTimeOffset since, string cause, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Fail, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = since });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = cause });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task MoveAsync(long position, int givenUp, NpgsqlTransaction? transaction, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Move, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = givenUp });
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
