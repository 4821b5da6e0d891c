using Marten;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Audit.Log;

/// <summary>
/// Writes the heads of logs out of the database, at an interval and when the node stops: whoever rewrites everything in the
/// database has still not rewritten these. An account's head is written when its log has grown since the last one; one node at a
/// time does it.
/// </summary>
public sealed partial class WriteCheckpoints(
    IDocumentStore store,
    ICheckpointStore written,
    Checkpoints checkpoints,
    MfaMetrics metrics,
    MfaEventsSettings settings,
    ILogger<WriteCheckpoints> logger) : BackgroundService
{
    private const int PageSize = 200;

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    // An account that stays quiet costs nothing: what was written of it is as long as its log.
    private const string Grown =
        $"""
        select log.account_id, log.size from {LogTables.Sizes} log
        left join {LogTables.Written} written using (account_id)
        where log.size > coalesce(written.size, 0) and log.account_id > $1
        order by log.account_id limit $2
        """;

    private const string Remember =
        $"""
        insert into {LogTables.Written} (account_id, size) values ($1, $2)
        on conflict (account_id) do update set size = excluded.size where {LogTables.Written}.size < excluded.size
        """;

    /// <summary>Why the last round failed; null when it did not.</summary>
    public string? Failure { get; private set; }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        soon.CancelAfter(Farewell);
        await TryAsync(soon.Token);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.Audit.CheckpointInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await TryAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    private async Task TryAsync(CancellationToken cancellation)
    {
        try
        {
            await RoundAsync(cancellation);
            Failure = null;
        }
        catch (Exception exception)
        {
            // What was not written is written by the next round, here or on another node.
            Failure = exception.GetType().Name;
            metrics.CountCheckpointFailure();
            LogFailed(exception);
        }
    }

    private async Task RoundAsync(CancellationToken cancellation)
    {
        await using var connection = (NpgsqlConnection)store.Storage.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        if (!await IsOursAsync(connection, cancellation)) return;
        try
        {
            for (var (after, page) = ("", await GrownAsync(connection, "", cancellation)); page.Count > 0;
                (after, page) = (page[^1].AccountId, await GrownAsync(connection, page[^1].AccountId, cancellation)))
            {
                foreach (var (accountId, size) in page) await WriteAsync(connection, accountId, size, cancellation);
            }
        }
        finally
        {
            await using var leave = new NpgsqlCommand("select pg_advisory_unlock($1)", connection);
            leave.Parameters.Add(new NpgsqlParameter<long> { TypedValue = AdvisoryLock.Checkpoints });
            await leave.ExecuteScalarAsync(CancellationToken.None);
        }
    }

    private async Task WriteAsync(NpgsqlConnection connection, string accountId, long size, CancellationToken cancellation)
    {
        await using var session = store.QuerySession(accountId);
        await written.WriteAsync(accountId, size, await checkpoints.NoteAsync(session, size, cancellation), cancellation);
        await using var remember = new NpgsqlCommand(Remember, connection);
        remember.Parameters.Add(new NpgsqlParameter<string> { TypedValue = accountId });
        remember.Parameters.Add(new NpgsqlParameter<long> { TypedValue = size });
        await remember.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task<bool> IsOursAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var enter = new NpgsqlCommand("select pg_try_advisory_lock($1)", connection);
        enter.Parameters.Add(new NpgsqlParameter<long> { TypedValue = AdvisoryLock.Checkpoints });
        return await enter.ExecuteScalarAsync(cancellation) is true;
    }

    private static async Task<List<(string AccountId, long Size)>> GrownAsync(
        NpgsqlConnection connection, string after, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Grown, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = PageSize });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var page = new List<(string, long)>();
        while (await reader.ReadAsync(cancellation)) page.Add((reader.GetString(0), reader.GetInt64(1)));
        return page;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Checkpoints of the audit logs could not be written out")]
    private partial void LogFailed(Exception exception);
}
