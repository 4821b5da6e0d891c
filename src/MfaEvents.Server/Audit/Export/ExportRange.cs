using Marten;
using MfaEvents.Server.Audit.Trail;
using Npgsql;

namespace MfaEvents.Server.Audit.Export;

/// <summary>What of an account's trail is exported.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="First">The first index that may be among it.</param>
/// <param name="End">The index behind the last one that may be.</param>
/// <param name="From">Only items from this instant, inclusive.</param>
/// <param name="To">Only items until this instant, exclusive.</param>
public sealed record ExportRange(string AccountId, long First, long End, DateTimeOffset? From, DateTimeOffset? To)
{
    private static readonly string Sql =
        $"""
        select
            case when $2::timestamptz is null then 0 else coalesce({AuditPage.FirstFrom("$2")}, $4) end,
            case when $3::timestamptz is null then $4 else coalesce({AuditPage.LastBefore("$3")} + 1, 0) end
        """;

    /// <summary>Whether every index between its ends is among it.</summary>
    public bool IsWhole => From is null && To is null;

    /// <summary>Finds where instants lie in a log of a size.</summary>
    public static async Task<ExportRange> FindAsync(
        IQuerySession session,
        long size,
        long fromIndex,
        DateTimeOffset? from,
        DateTimeOffset? to,
        CancellationToken cancellation)
    {
        var accountId = session.TenantId;
        if (from is null && to is null) return new ExportRange(accountId, fromIndex, size, null, null);
        await using var connection = (NpgsqlConnection)session.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(Sql, connection);
        foreach (var value in (object?[])[accountId, from, to, size])
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return new ExportRange(
            accountId, Math.Max(fromIndex, reader.GetInt64(0)), Math.Min(size, reader.GetInt64(1)), from, to);
    }

    /// <summary>Whether an item that lies between the ends is among it: clocks of nodes differ a little.</summary>
    public bool Holds(DateTimeOffset occurredAt) => (From is null || occurredAt >= From) && (To is null || occurredAt < To);
}
