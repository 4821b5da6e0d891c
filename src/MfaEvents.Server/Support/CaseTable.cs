using Marten;
using MfaEvents.Server.Accounts;
using Weasel.Postgresql.Tables;

namespace MfaEvents.Server.Support;

/// <summary>
/// The cases of all accounts, a row each, in the directory: what the desk's queue and its auditor ask of them. It is copied from
/// the cases and decides nothing.
/// </summary>
public static class CaseTable
{
    public const string Name = $"{DirectoryStore.Schema}.support_case";

    public static void Map(StoreOptions store)
    {
        var table = new Table(Name);
        table.AddColumn("case_id", "uuid").AsPrimaryKey();
        table.AddColumn("account_id", "text").NotNull();
        table.AddColumn("principal", "text").NotNull();
        table.AddColumn("state", "text").NotNull();
        table.AddColumn("reference", "text").NotNull();
        table.AddColumn("opened_by", "text").NotNull();
        table.AddColumn("opened_at", "timestamptz").NotNull();
        table.AddColumn("expires_at", "timestamptz").NotNull();
        table.AddColumn("agents", "text[]").NotNull();
        table.AddColumn("requested_by", "text");
        table.AddColumn("requested_at", "timestamptz");
        table.AddColumn("decided_by", "text");
        table.AddColumn("decided_at", "timestamptz");
        table.AddColumn("executes_at", "timestamptz");
        table.AddColumn("executed_at", "timestamptz");
        table.AddColumn("code_issued", "boolean").NotNull();
        table.AddColumn("ended_at", "timestamptz");
        table.AddColumn("version", "integer").NotNull();
        table.Indexes.Add(new IndexDefinition("support_case_state") { Columns = ["state", "opened_at", "case_id"] });
        table.Indexes.Add(new IndexDefinition("support_case_opened_at") { Columns = ["opened_at", "case_id"] });
        table.Indexes.Add(new IndexDefinition("support_case_decided_by") { Columns = ["decided_by", "opened_at", "case_id"] });
        store.Storage.ExtendedSchemaObjects.Add(table);
    }
}
