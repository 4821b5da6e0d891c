using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;

namespace MfaEvents.Server.Sealing;

/// <summary>Documents with a sealed member.</summary>
public sealed record SealedDocuments(string Table, string Member, Func<SealedRow, string[]> PurposesOf) : SealedPlace(Table)
{
    public bool IsTenanted { get; init; } = true;

    public string IdType { get; init; } = "varchar";

    private string Tenant => IsTenanted ? "tenant_id" : "''::varchar";

    // Null, and so no value of any key, where the member is missing.
    private string Prefix => $"left(data->>'{Member}', {PrefixOf(Guid.Empty).Length})";

    public override async Task<long> CountAsync(NpgsqlConnection connection, Guid active, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"select count(*) from {Table} where {Prefix} <> $1", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = PrefixOf(active) });
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    public override async Task<SealedPage> AnewAsync(
        NpgsqlConnection connection, Seals seals, Guid active, PageRequest request, CancellationToken cancellation)
    {
        var rows = await PageAsync(connection, active, request, cancellation);
        if (rows.Count == 0) return new SealedPage(0, 0, null);

        var unreadable = 0;
        await using var updates = new NpgsqlBatch(connection);
        foreach (var row in rows)
        {
            try
            {
                updates.BatchCommands.Add(Update(row, seals.Anew(row.Sealed, PurposesOf(row))));
            }
            catch (CryptographicException)
            {
                unreadable++;
            }
        }

        var anew = updates.BatchCommands.Count == 0 ? 0 : await updates.ExecuteNonQueryAsync(cancellation);
        var last = rows[^1];
        return new SealedPage(
            anew, unreadable, rows.Count < request.Limit ? null : JsonSerializer.Serialize<string[]>([last.TenantId, last.Id]));
    }

    protected override async Task<IReadOnlyCollection<Guid>> KeysAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        // 27 letters hold the whole id; of the last one four bits are something else.
        await using var command = new NpgsqlCommand(
            $"select distinct left(data->>'{Member}', 27) from {Table} where data->>'{Member}' is not null", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var keys = new HashSet<Guid>();
        while (await reader.ReadAsync(cancellation))
            if (KeyOf(reader.GetString(0) + "A") is { } key)
                keys.Add(key);
        return keys;
    }

    private async Task<IReadOnlyList<SealedRow>> PageAsync(
        NpgsqlConnection connection, Guid active, PageRequest request, CancellationToken cancellation)
    {
        string[]? after = request.After is null ? null : JsonSerializer.Deserialize<string[]>(request.After);
        var beyond = (after, IsTenanted) switch
        {
            (null, _) => "",
            (_, true) => $"and (tenant_id, id) > ($3, $4::{IdType})",
            _ => $"and id > $3::{IdType}",
        };
        await using var command = new NpgsqlCommand(
            $"""
            select {Tenant}, id::text, data->>'principal', data->>'{Member}' from {Table}
            where {Prefix} <> $1 {beyond} order by {(IsTenanted ? "tenant_id, id" : "id")} limit $2
            for update {(request.Wait ? "" : "skip locked")}
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = PrefixOf(active) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = request.Limit });
        foreach (var key in after?.Skip(IsTenanted ? 0 : 1) ?? [])
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<SealedRow>();
        while (await reader.ReadAsync(cancellation))
        {
            var principal = await reader.IsDBNullAsync(2, cancellation) ? null : reader.GetString(2);
            rows.Add(new SealedRow(reader.GetString(0), reader.GetString(1), principal, reader.GetString(3)));
        }

        return rows;
    }

    private NpgsqlBatchCommand Update(SealedRow row, string anew)
    {
        var where = IsTenanted ? "and tenant_id = $4" : "";
        var update = new NpgsqlBatchCommand(
            $"""
            update {Table} set data = jsonb_set(data, array['{Member}'], to_jsonb($1::text))
            where data->>'{Member}' = $2 and id = $3::{IdType} {where}
            """);
        string[] values = IsTenanted ? [anew, row.Sealed, row.Id, row.TenantId] : [anew, row.Sealed, row.Id];
        foreach (var value in values) update.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
        return update;
    }
}

/// <summary>One document: whose it is, and its sealed member.</summary>
public sealed record SealedRow(string TenantId, string Id, string? Principal, string Sealed);
