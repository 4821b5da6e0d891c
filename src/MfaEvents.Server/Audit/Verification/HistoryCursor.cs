using Marten;
using Npgsql;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>
/// Reads rows one by one, however many there are, with as much memory as one takes. It is one statement, which may take as long as it
/// takes: what limits the statements of commands does not hold here.
/// </summary>
public sealed class HistoryCursor<T> : IAsyncDisposable
    where T : class
{
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlDataReader reader;
    private readonly Func<NpgsqlDataReader, T> read;

    internal HistoryCursor(NpgsqlConnection connection, NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read)
    {
        this.connection = connection;
        this.reader = reader;
        this.read = read;
    }

    /// <summary>The next row; null after the last.</summary>
    public async ValueTask<T?> NextAsync(CancellationToken cancellation) =>
        await reader.ReadAsync(cancellation) ? read(reader) : null;

    public async ValueTask DisposeAsync()
    {
        await reader.DisposeAsync();
        await connection.DisposeAsync();
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
            return new HistoryCursor<T>(connection, await batch.ExecuteReaderAsync(cancellation), read);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
