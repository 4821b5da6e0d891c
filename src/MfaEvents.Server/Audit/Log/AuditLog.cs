using Marten;
using MfaEvents.Core.Audit;
using Npgsql;

namespace MfaEvents.Server.Audit.Log;

/// <summary>Reads an account's log: a root or a proof costs as many tiles as the tree is deep.</summary>
public sealed class AuditLog(IQuerySession session)
{
    private const string Tiles =
        $"""
        select level, index, hashes from {LogTables.Tiles}
        where account_id = $1 and (level, index) in (select * from unnest($2::smallint[], $3::bigint[]))
        """;

    /// <summary>How many leaves there are.</summary>
    public async Task<long> SizeAsync(CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var command = new NpgsqlCommand($"select size from {LogTables.Sizes} where account_id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = session.TenantId });
        return await command.ExecuteScalarAsync(cancellation) as long? ?? 0;
    }

    /// <summary>The hash of the tree of the first leaves, at most as many as <see cref="SizeAsync"/> says.</summary>
    public async Task<byte[]> RootAsync(long size, CancellationToken cancellation) =>
        (await HashesAsync([new LeafRange(0, size)], cancellation))[0];

    /// <summary>The hashes of ranges of leaves, in their order.</summary>
    /// <exception cref="FormatException">A tile is missing or too short: the log is damaged.</exception>
    public async Task<IReadOnlyList<byte[]>> HashesAsync(IReadOnlyList<LeafRange> ranges, CancellationToken cancellation)
    {
        var tiles = await TilesAsync([.. ranges.SelectMany(range => range.Nodes).Select(TreeTile.Of).Distinct()], cancellation);
        return [.. ranges.Select(range => range.Hash(Read))];

        byte[] Read(TreeNode node) => TreeTile.Read(tiles.GetValueOrDefault(TreeTile.Of(node), []), node);
    }

    private async Task<Dictionary<TreeTile, byte[]>> TilesAsync(IReadOnlyList<TreeTile> wanted, CancellationToken cancellation)
    {
        var tiles = new Dictionary<TreeTile, byte[]>();
        if (wanted.Count == 0) return tiles;
        await using var connection = await OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(Tiles, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = session.TenantId });
        command.Parameters.Add(new NpgsqlParameter { Value = wanted.Select(tile => (short)tile.Level).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = wanted.Select(tile => tile.Index).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            tiles[new TreeTile(reader.GetInt16(0), reader.GetInt64(1))] = reader.GetFieldValue<byte[]>(2);
        return tiles;
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellation)
    {
        var connection = (NpgsqlConnection)session.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        return connection;
    }
}
