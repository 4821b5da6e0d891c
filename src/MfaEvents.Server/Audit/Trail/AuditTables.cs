using Marten;
using MfaEvents.Server.Setup;
using Weasel.Postgresql.Tables;

namespace MfaEvents.Server.Audit.Trail;

/// <summary>The tables of the audit trail: flat, for a page of events is written by one statement. A rebuild makes them anew.</summary>
public static class AuditTables
{
    /// <summary>One row per event.</summary>
    public const string Items = $"{EventStore.Schema}.audit_item";

    /// <summary>What a device was last called, for the items of its later events.</summary>
    public const string Devices = $"{EventStore.Schema}.audit_device";

    /// <summary>Whom a case is about.</summary>
    public const string Subjects = $"{EventStore.Schema}.audit_subject";

    /// <summary>The columns of an item, in the order in which they are written.</summary>
    public static IReadOnlyList<(string Name, string Type)> ItemColumns { get; } =
    [
        ("account_id", "text"),
        ("index", "bigint"),
        ("sequence", "bigint"),
        ("event_id", "uuid"),
        ("principal", "text"),
        ("stream", "text"),
        ("version", "bigint"),
        ("event_type", "text"),
        ("occurred_at", "timestamptz"),
        ("latest_at", "timestamptz"),
        ("actor", "text"),
        ("actor_issuer", "text"),
        ("session_id", "text"),
        ("source_address", "text"),
        ("user_agent", "text"),
        ("correlation_id", "text"),
        ("causation_id", "text"),
        ("device_id", "uuid"),
        ("device_name", "text"),
        ("device_type", "text"),
        ("personal_data_commitment", "text"),
        ("contact_commitment", "text"),
        ("data", "jsonb"),
    ];

    /// <summary>The columns that every item has.</summary>
    private static readonly HashSet<string> Always =
        ["account_id", "index", "sequence", "event_id", "stream", "version", "event_type", "occurred_at", "latest_at", "data"];

    public static void Map(StoreOptions store) =>
        store.Storage.ExtendedSchemaObjects.AddRange([ItemTable(Items), DeviceTable(Devices), SubjectTable(Subjects)]);

    private static Table ItemTable(string name)
    {
        var table = new Table(name);
        foreach (var (column, type) in ItemColumns)
        {
            var added = table.AddColumn(column, type);
            if (column is "account_id" or "index") added.AsPrimaryKey();
            else if (Always.Contains(column)) added.NotNull();
        }

        // Every filter of a page has an index that ends with the order of the page.
        foreach (var column in (string[])["principal", "device_id", "event_type", "actor", "source_address"])
            Index(table, $"audit_item_{column}", "account_id", column, "index").Predicate = column switch
            {
                "device_id" or "source_address" => $"{column} is not null",
                _ => null,
            };
        Index(table, "audit_item_latest_at", "account_id", "latest_at", "index");
        Index(table, "audit_item_sequence", "sequence");
        return table;
    }

    private static Table DeviceTable(string name)
    {
        var table = new Table(name);
        table.AddColumn("account_id", "text").AsPrimaryKey();
        table.AddColumn("device_id", "uuid").AsPrimaryKey();
        table.AddColumn("device_name", "text");
        table.AddColumn("device_type", "text");
        return table;
    }

    private static Table SubjectTable(string name)
    {
        var table = new Table(name);
        table.AddColumn("account_id", "text").AsPrimaryKey();
        table.AddColumn("stream", "text").AsPrimaryKey();
        table.AddColumn("principal", "text").NotNull();
        return table;
    }

    private static IndexDefinition Index(Table table, string name, params string[] columns)
    {
        var index = new IndexDefinition(name) { Columns = columns };
        table.Indexes.Add(index);
        return index;
    }
}
