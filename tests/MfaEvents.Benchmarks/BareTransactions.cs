using Npgsql;
using NpgsqlTypes;

namespace MfaEvents.Benchmarks;

/// <summary>
/// The PostgreSQL work of one verification by bare Npgsql, in two measures. <see cref="Least"/>: lock and read the state's row, insert
/// the event, update the state, commit. <see cref="Same"/>: all rows that the server touches in its transaction, so the stream is
/// locked and its version updated as well, and the seed is read. Tables are copies of the server's own, so that columns, indexes,
/// rows and their sizes are the same; all statements are prepared.
/// </summary>
public sealed class BareTransactions : IAsyncDisposable
{
    private const string Prepare = """
        create schema SCHEMA;
        create table SCHEMA.streams (like mfa.mt_streams including all);
        insert into SCHEMA.streams select * from mfa.mt_streams;
        create table SCHEMA.states (like mfa.mt_doc_principalmfa including all);
        insert into SCHEMA.states select * from mfa.mt_doc_principalmfa;
        create table SCHEMA.seeds (like sealed.mt_doc_sealedseed including all);
        insert into SCHEMA.seeds select * from sealed.mt_doc_sealedseed;
        create table SCHEMA.events (like mfa.mt_events including all);
        insert into SCHEMA.events select * from mfa.mt_events;
        create sequence SCHEMA.sequence cache 1;
        select setval('SCHEMA.sequence', (select max(seq_id) from SCHEMA.events));
        create table SCHEMA.model as select * from mfa.mt_events where type = 'code_accepted' limit 1;
        analyze SCHEMA.streams;
        analyze SCHEMA.states;
        analyze SCHEMA.seeds;
        analyze SCHEMA.events;
        """;

    private const string References = """
        alter table SCHEMA.events add foreign key (tenant_id, stream_id) references SCHEMA.streams (tenant_id, id);
        """;

    private const string Lock = "select version from SCHEMA.streams where tenant_id = $1 and id = $2 for update";

    private const string Read = "select data, mt_version from SCHEMA.states where tenant_id = $1 and id = $2";

    private const string ReadSeed = "select data from SCHEMA.seeds where tenant_id = $1 and id = $2";

    private const string Insert = """
        insert into SCHEMA.events
          (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, user_name, is_archived)
        values (nextval('SCHEMA.sequence'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, false)
        """;

    private const string Advance = "update SCHEMA.streams set version = $1, timestamp = now() where tenant_id = $2 and id = $3";

    private const string Update =
        "update SCHEMA.states set data = $1, mt_version = $2, mt_last_modified = transaction_timestamp() where tenant_id = $3 and id = $4";

    private readonly NpgsqlDataSource source;
    private readonly Event model;
    private readonly string schema;
    private readonly bool everyRow;

    private BareTransactions(NpgsqlDataSource source, Event model, string schema, bool everyRow) =>
        (this.source, this.model, this.schema, this.everyRow) = (source, model, schema, everyRow);

    public static Task<BareTransactions> Least(string connectionString) => PrepareAsync(connectionString, "least", false);

    public static Task<BareTransactions> Same(string connectionString) => PrepareAsync(connectionString, "same", true);

    public async Task<bool> RunAsync(Device device)
    {
        var (accountId, principal) = (device.AccountId, device.Principal);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();

        await using var look = new NpgsqlBatch(connection);
        if (everyRow) Add(look, Lock, Text(accountId), Text(principal));
        Add(look, everyRow ? Read : Read + " for update", Text(accountId), Text(principal));
        if (everyRow) Add(look, ReadSeed, Text(accountId), new() { Value = device.Id });

        string state;
        long version;
        await using (var rows = await look.ExecuteReaderAsync())
        {
            if (everyRow) await rows.NextResultAsync();
            if (!await rows.ReadAsync()) throw new InvalidOperationException($"There is no row of {principal}.");
            (state, version) = (rows.GetString(0), rows.GetInt64(1) + 1);
            if (everyRow && !(await rows.NextResultAsync() && await rows.ReadAsync() && rows.GetString(0).Length > 0))
                throw new InvalidOperationException($"There is no seed of {device.Id}.");
        }

        var now = TimeProvider.System.GetUtcNow();
        await using var write = new NpgsqlBatch(connection);
        Add(write, Insert, new() { Value = Guid.CreateVersion7(now) }, Text(principal), new() { Value = version }, Json(model.Data),
            Text(model.Type), new() { Value = now }, Text(accountId), Text(model.DotnetType), Text(model.Correlation),
            Text(model.Causation), Json(model.Headers), Text(model.UserName));
        if (everyRow) Add(write, Advance, new() { Value = version }, Text(accountId), Text(principal));
        Add(write, Update, Json(state), new() { Value = version }, Text(accountId), Text(principal));
        await write.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
        return true;
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private static async Task<BareTransactions> PrepareAsync(string connectionString, string schema, bool everyRow)
    {
        var source = NpgsqlDataSource.Create(connectionString);
        await using (var prepare = source.CreateCommand(In(schema, Prepare))) await prepare.ExecuteNonQueryAsync();
        if (everyRow)
        {
            await using var reference = source.CreateCommand(In(schema, References));
            await reference.ExecuteNonQueryAsync();
        }

        await using var read = source.CreateCommand(
            $"select data::text, type, mt_dotnet_type, correlation_id, causation_id, headers::text, user_name from {schema}.model");
        await using var rows = await read.ExecuteReaderAsync();
        await rows.ReadAsync();
        string? Value(int column) => rows.IsDBNull(column) ? null : rows.GetString(column);
        var model = new Event(Value(0), Value(1), Value(2), Value(3), Value(4), Value(5), Value(6));
        return new BareTransactions(source, model, schema, everyRow);
    }

    private static string In(string schema, string statements) => statements.Replace("SCHEMA", schema, StringComparison.Ordinal);

    private void Add(NpgsqlBatch batch, string statement, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(In(schema, statement));
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        batch.BatchCommands.Add(command);
    }

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar };

    private static NpgsqlParameter Json(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb };

    private sealed record Event(
        string? Data, string? Type, string? DotnetType, string? Correlation, string? Causation, string? Headers, string? UserName);
}
