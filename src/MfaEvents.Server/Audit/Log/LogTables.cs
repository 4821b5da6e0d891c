using Marten;
using MfaEvents.Server.Setup;
using Weasel.Postgresql.Tables;

namespace MfaEvents.Server.Audit.Log;

/// <summary>The tables of the audit log. Nothing ever rebuilds them: what is in them was signed.</summary>
public static class LogTables
{
    /// <summary>How many leaves an account's log has, which is the next index.</summary>
    public const string Sizes = $"{EventStore.Schema}.log_size";

    /// <summary>The hashes of the tree, tile by tile.</summary>
    public const string Tiles = $"{EventStore.Schema}.log_tile";

    public static void Map(StoreOptions store) => store.Storage.ExtendedSchemaObjects.AddRange([SizeTable(), TileTable()]);

    private static Table SizeTable()
    {
        var table = new Table(Sizes);
        table.AddColumn("account_id", "text").AsPrimaryKey();
        table.AddColumn("size", "bigint").NotNull();

        // The greatest time that an item of the account has, and by how much a later item was ever earlier than that.
        table.AddColumn("latest_at", "timestamptz").NotNull();
        table.AddColumn("skew_seconds", "bigint").NotNull();
        return table;
    }

    private static Table TileTable()
    {
        var table = new Table(Tiles);
        table.AddColumn("account_id", "text").AsPrimaryKey();
        table.AddColumn("level", "smallint").AsPrimaryKey();
        table.AddColumn("index", "bigint").AsPrimaryKey();
        table.AddColumn("hashes", "bytea").NotNull();
        return table;
    }
}
