using Marten;
using MfaEvents.Server.Setup;
using Weasel.Postgresql.Tables;

namespace MfaEvents.Server.Audit.Push;

/// <summary>Where the push remembers how far it is.</summary>
public static class PushTables
{
    /// <summary>
    /// One row: all events up to the sequence were delivered, or put aside; how many in a row were; and since when nothing is delivered, if so.
    /// </summary>
    public const string Position = $"{EventStore.Schema}.audit_push";

    public static void Map(StoreOptions store)
    {
        var table = new Table(Position);
        table.AddColumn("id", "text").AsPrimaryKey();
        table.AddColumn("sequence", "bigint").NotNull();
        table.AddColumn("given_up", "int").NotNull().DefaultValue(0);
        table.AddColumn("failing_since", "timestamptz");
        table.AddColumn("cause", "text");
        store.Storage.ExtendedSchemaObjects.Add(table);
    }
}
