using System.Runtime.CompilerServices;
using Marten.Storage;
using MfaEvents.Server.Audit.Trail;
using Npgsql;

namespace MfaEvents.Server.Audit.Export;

/// <summary>
/// Reads the rows of an export page by page. Between two pages it holds no connection, however long the reader of the export
/// takes.
/// </summary>
/// <exception cref="InvalidDataException">A row, or its event, is missing: an export never leaves out what it does not find.</exception>
public sealed class ExportPages(IMartenDatabase database, ExportRange range, bool storedEvents)
{
    /// <summary>How many rows are in memory at once.</summary>
    public const int Rows = 500;

    public async IAsyncEnumerable<IReadOnlyList<AuditRow>> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var index = range.First; index < range.End; index += Rows)
        {
            var end = Math.Min(index + Rows, range.End);
            var page = await PageAsync(index, end, cancellation);
            yield return range.IsWhole ? page : [.. page.Where(row => range.Holds(row.Entry.Event.OccurredAt))];
        }
    }

    private async Task<IReadOnlyList<AuditRow>> PageAsync(long index, long end, CancellationToken cancellation)
    {
        await using var connection = (NpgsqlConnection)database.CreateConnection();
        await connection.OpenAsync(cancellation);
        var rows = await ReadAsync(
            connection,
            $"{AuditRow.Select} where account_id = $1 and index >= $2 and index < $3 order by index",
            AuditRow.Read,
            cancellation,
            range.AccountId, index, end);
        if (rows.Count != end - index) throw new InvalidDataException("Rows of the audit trail are missing.");
        if (!storedEvents) return rows;

        var sequences = rows.Select(row => row.Entry.Event.Sequence).ToArray();
        var events = (await ReadAsync(
                connection, $"{StoredEvents.Select} where seq_id = any($1)", StoredEvents.Read, cancellation, sequences))
            .ToDictionary(stored => stored.Sequence);
        if (events.Count != rows.Count) throw new InvalidDataException("Events of the audit trail are missing.");
        return [.. rows.Select(row => row with { Entry = row.Entry with { Event = events[row.Entry.Event.Sequence] } })];
    }

    private static async Task<List<T>> ReadAsync<T>(
        NpgsqlConnection connection,
        string sql,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancellation,
        params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation)) rows.Add(read(reader));
        return rows;
    }
}
