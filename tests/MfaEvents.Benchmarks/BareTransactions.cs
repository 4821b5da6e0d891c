using Npgsql;
using NpgsqlTypes;

namespace MfaEvents.Benchmarks;

/// <summary>
/// The PostgreSQL work of one verification by bare Npgsql: lock and read the state's row, insert the event, update the state, commit.
/// Its tables are copies of the server's own, so that columns, indexes, rows and their sizes are the same.
/// </summary>
public sealed class BareTransactions : IAsyncDisposable
{
    private const string Prepare = """
        create schema bare;
        create table bare.states (like mfa.mt_doc_principalmfa including all);
        insert into bare.states select * from mfa.mt_doc_principalmfa;
        create table bare.events (like mfa.mt_events including all);
        insert into bare.events select * from mfa.mt_events;
        create sequence bare.sequence cache 1;
        select setval('bare.sequence', (select max(seq_id) from bare.events));
        create table bare.model as select * from mfa.mt_events where type = 'code_accepted' limit 1;
        analyze bare.states;
        analyze bare.events;
        """;

    private const string Read = "select data, mt_version from bare.states where tenant_id = $1 and id = $2 for update";

    private const string Insert = """
        insert into bare.events
          (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, user_name, is_archived)
        values (nextval('bare.sequence'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, false)
        """;

    private const string Update =
        "update bare.states set data = $1, mt_version = $2, mt_last_modified = transaction_timestamp() where tenant_id = $3 and id = $4";

    private readonly NpgsqlDataSource source;
    private readonly Event model;

    private BareTransactions(NpgsqlDataSource source, Event model) => (this.source, this.model) = (source, model);

    public static async Task<BareTransactions> PrepareAsync(string connectionString)
    {
        var source = NpgsqlDataSource.Create(connectionString);
        await using (var prepare = source.CreateCommand(Prepare)) await prepare.ExecuteNonQueryAsync();
        await using var read = source.CreateCommand(
            "select data::text, type, mt_dotnet_type, correlation_id, causation_id, headers::text, user_name from bare.model");
        await using var rows = await read.ExecuteReaderAsync();
        await rows.ReadAsync();
        string? Text(int column) => rows.IsDBNull(column) ? null : rows.GetString(column);
        return new BareTransactions(source, new Event(Text(0), Text(1), Text(2), Text(3), Text(4), Text(5), Text(6)));
    }

    public async Task<bool> RunAsync(string accountId, string principal)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();

        string state;
        long version;
        await using (var read = new NpgsqlCommand(Read, connection) { Parameters = { Text(accountId), Text(principal) } })
        await using (var rows = await read.ExecuteReaderAsync())
        {
            if (!await rows.ReadAsync()) throw new InvalidOperationException($"There is no row of {principal}.");
            (state, version) = (rows.GetString(0), rows.GetInt64(1) + 1);
        }

        var now = TimeProvider.System.GetUtcNow();
        await using var write = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(Insert)
                {
                    Parameters =
                    {
                        new() { Value = Guid.CreateVersion7(now) }, Text(principal), new() { Value = version }, Json(model.Data), Text(model.Type),
                        new() { Value = now }, Text(accountId), Text(model.DotnetType), Text(model.Correlation), Text(model.Causation),
                        Json(model.Headers), Text(model.UserName),
                    },
                },
                new NpgsqlBatchCommand(Update) { Parameters = { Json(state), new() { Value = version }, Text(accountId), Text(principal) } },
            },
        };
        await write.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
        return true;
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar };

    private static NpgsqlParameter Json(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb };

    private sealed record Event(
        string? Data, string? Type, string? DotnetType, string? Correlation, string? Causation, string? Headers, string? UserName);
}
