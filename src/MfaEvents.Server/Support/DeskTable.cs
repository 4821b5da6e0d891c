using Marten;
using MfaEvents.Server.Access;
using Npgsql;
using NpgsqlTypes;

namespace MfaEvents.Server.Support;

/// <summary>Asks the table of all cases.</summary>
public static class DeskTable
{
    /// <summary>The accounts that the caller sees: an array, or null for all of them.</summary>
    public static NpgsqlParameter Seen(Caller caller) => new()
    {
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
        Value = caller.Accounts.Count == 0 ? DBNull.Value : caller.Accounts.ToArray(),
    };

    public static NpgsqlParameter Instant(DateTimeOffset? value) => new()
    {
        NpgsqlDbType = NpgsqlDbType.TimestampTz,
        Value = value is { } instant ? instant.ToUniversalTime() : DBNull.Value,
    };

    public static NpgsqlParameter Text(string value) => new() { NpgsqlDbType = NpgsqlDbType.Text, Value = value };

    public static async Task<IReadOnlyList<T>> ReadAsync<T>(
        IQuerySession session,
        string sql,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancellation,
        params NpgsqlParameter[] values)
    {
        await using var connection = (NpgsqlConnection)session.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(values);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation)) rows.Add(read(reader));
        return rows;
    }
}
