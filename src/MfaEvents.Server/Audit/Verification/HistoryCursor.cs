using System.Threading.Channels;
using Marten;
using Npgsql;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>
/// Reads rows one by one, however many there are, a few batches ahead of whoever takes them. It is one statement, which may take
/// as long as it takes: what limits the statements of commands does not hold here.
/// </summary>
public sealed class HistoryCursor<T> : IAsyncDisposable
    where T : class
{
    private const int BatchSize = 500;
    private const int BatchesAhead = 4;

    private readonly Channel<T[]> batches = Channel.CreateBounded<T[]>(BatchesAhead);
    private readonly CancellationTokenSource stopped;
    private readonly Task reading;
    private T[] batch = [];
    private int next;

    internal HistoryCursor(NpgsqlConnection connection, NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        reading = Task.Run(() => ReadAsync(connection, reader, read), CancellationToken.None);
    }

    /// <summary>The next row; null after the last.</summary>
    public async ValueTask<T?> NextAsync(CancellationToken cancellation)
    {
        if (next == batch.Length)
        {
            if (!await batches.Reader.WaitToReadAsync(cancellation)) return null;
            (batch, next) = (await batches.Reader.ReadAsync(cancellation), 0);
        }

        return batch[next++];
    }

    public async ValueTask DisposeAsync()
    {
        await stopped.CancelAsync();
        await reading;
        stopped.Dispose();
    }

    private async Task ReadAsync(NpgsqlConnection connection, NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read)
    {
        try
        {
            await using (connection)
            await using (reader)
            {
                var ahead = new List<T>(BatchSize);
                while (await reader.ReadAsync(stopped.Token))
                {
                    ahead.Add(read(reader));
                    if (ahead.Count < BatchSize) continue;
                    await batches.Writer.WriteAsync([.. ahead], stopped.Token);
                    ahead.Clear();
                }

                if (ahead.Count > 0) await batches.Writer.WriteAsync([.. ahead], stopped.Token);
            }

            batches.Writer.Complete();
        }
        catch (Exception exception)
        {
            // It comes out where the next row is asked for.
            batches.Writer.TryComplete(exception);
        }
    }
}

/// <summary>Opens cursors.</summary>
public static class HistoryCursor
{
    public static async Task<HistoryCursor<T>> OpenAsync<T>(
        IQuerySession session, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellation, params object[] values)
        where T : class
    {
        var connection = (NpgsqlConnection)session.Database.CreateConnection();
        try
        {
            await connection.OpenAsync(cancellation);
            var transaction = await connection.BeginTransactionAsync(cancellation);
            await using var batch = new NpgsqlBatch(connection, transaction) { Timeout = 0 };
            batch.BatchCommands.Add(new NpgsqlBatchCommand("set local statement_timeout = 0"));
            var query = new NpgsqlBatchCommand(sql);
            foreach (var value in values) query.Parameters.Add(new NpgsqlParameter { Value = value });
            batch.BatchCommands.Add(query);
            return new HistoryCursor<T>(connection, await batch.ExecuteReaderAsync(cancellation), read, cancellation);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
