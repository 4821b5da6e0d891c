using Marten;
using MfaEvents.Server.Setup;
using Weasel.Postgresql.Tables;

namespace MfaEvents.Server.Audit;

/// <summary>The tables of the audit trail: flat, for a page of events is written by one statement.</summary>
public static class AuditTables
{
    /// <summary>One row per event.</summary>
    public const string Items = $"{EventStore.Schema}.audit_item";

    /// <summary>How many items an account has, which is the next index.</summary>
    public const string Sizes = $"{EventStore.Schema}.audit_size";

    /// <summary>What a device was last called, for the items of its later events.</summary>
    public const string Devices = $"{EventStore.Schema}.audit_device";

    public static void Map(StoreOptions store) => store.Storage.ExtendedSchemaObjects.AddRange([ItemTable(), SizeTable(), DeviceTable()]);

    private static Table ItemTable()
    {
        var table = new Table(Items);
        table.AddColumn("account_id", "text").AsPrimaryKey();
        table.AddColumn("index", "bigint").AsPrimaryKey();
        table.AddColumn("event_id", "uuid").NotNull();
        table.AddColumn("principal", "text");
        table.AddColumn("stream", "text").NotNull();
        table.AddColumn("version", "bigint").NotNull();
        table.AddColumn("event_type", "text").NotNull();
        table.AddColumn("occurred_at", "timestamptz").NotNull();
        table.AddColumn("actor", "text");
        table.AddColumn("source_address", "text");
        table.AddColumn("user_agent", "text");
        table.AddColumn("correlation_id", "text");
        table.AddColumn("device_id", "uuid");
        table.AddColumn("device_name", "text");
        table.AddColumn("device_type", "text");
        table.AddColumn("data", "jsonb").NotNull();
        Index(table, "audit_item_principal", "account_id", "principal", "index");
        Index(table, "audit_item_device_id", "account_id", "device_id", "index").Predicate = "device_id is not null";
        Index(table, "audit_item_occurred_at", "account_id", "occurred_at");
        return table;
    }

    private static Table SizeTable()
    {
        var table = new Table(Sizes);
        table.AddColumn("account_id", "text").AsPrimaryKey();
        table.AddColumn("size", "bigint").NotNull();
        return table;
    }

    private static Table DeviceTable()
    {
        var table = new Table(Devices);
        table.AddColumn("account_id", "text").AsPrimaryKey();
        table.AddColumn("device_id", "uuid").AsPrimaryKey();
        table.AddColumn("device_name", "text").NotNull();
        table.AddColumn("device_type", "text").NotNull();
        return table;
    }

    private static IndexDefinition Index(Table table, string name, params string[] columns)
    {
        var index = new IndexDefinition(name) { Columns = columns };
        table.Indexes.Add(index);
        return index;
    }
}
