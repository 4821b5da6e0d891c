using Marten;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Jobs;

/// <summary>What is to be mended: the documents of a stream, or a document that belongs to none.</summary>
public sealed record Listed(string AccountId, string? Stream, StoredDocument? Document);

/// <summary>What a rebuild of an inline view does in the database; the list of what is to be mended belongs to the step's transaction.</summary>
public sealed class ViewWork(NpgsqlConnection step, IReadOnlyStoreOptions options, Rebuild rebuild, CancellationToken cancellation)
{
    private const string Events = $"{EventStore.Schema}.mt_events";
    private const string Streams = $"{EventStore.Schema}.mt_streams";

    private const int TakenAtOnce = 100;

    private string List => $"{EventStore.Schema}.rebuild_list{rebuild.Suffix}";

    private string Table => options.FindOrResolveDocumentType(View.Document).TableName.QualifiedName;

    /// <summary>The type of the id's column.</summary>
    private string IdType => options.FindOrResolveDocumentType(View.Document).IdType == typeof(Guid) ? "uuid" : "varchar";

    public InlineView View { get; } = InlineView.Of(rebuild.Projection)!;

    public async Task MakeListAsync()
    {
        await DoAsync(step, $"create table {List} (account_id text, stream text, document_id text, data jsonb)");
        await DoAsync(step, $"create index on {List} (stream)");
    }

    public Task DropAsync() => DoAsync(step, $"drop table if exists {List}");

    /// <summary>Lets the database know that the step goes on: it ends transactions that are idle.</summary>
    public Task StayAsync() => DoAsync(step, "select 1");

    /// <summary>How many events there are to play.</summary>
    public async Task<long> EventsAsync()
    {
        await DoAsync(step, "set local statement_timeout = 0");
        await using var command = Command(
            step,
            $"select count(*) from {Events} where stream_id like any($1) and tenant_id = coalesce($2, tenant_id)",
            View.Streams.ToArray(),
            rebuild.AccountId);
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>The account after another one; null when that was the last.</summary>
    public async Task<string?> NextAccountAsync(string? after)
    {
        if (rebuild.AccountId is { } one) return after is null ? one : null;
        await using var command = Command(
            step,
            $"""
            select least(
                (select min(tenant_id) from {Streams} where tenant_id > $1), (select min(tenant_id) from {Table} where tenant_id > $1))
            """,
            after ?? "");
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

    /// <summary>The documents of an account that are read, by their ids.</summary>
    public async Task<Dictionary<string, string>> StoredAsync(NpgsqlConnection snapshot, string accountId)
    {
        await using var command = Command(snapshot, $"select id::text, data::text from {Table} where tenant_id = $1", accountId);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var documents = new Dictionary<string, string>();
        while (await reader.ReadAsync(cancellation)) documents.Add(reader.GetString(0), reader.GetString(1));
        return documents;
    }

    public async Task<IReadOnlyList<string>> StreamsAsync(NpgsqlConnection snapshot, string accountId)
    {
        await using var command = Command(
            snapshot, $"select id from {Streams} where tenant_id = $1 and id like any($2) order by id", accountId, View.Streams.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var streams = new List<string>();
        while (await reader.ReadAsync(cancellation)) streams.Add(reader.GetString(0));
        return streams;
    }

    /// <summary>Lists a stream, of whose documents one was lost or differs.</summary>
    public Task ListAsync(string accountId, string stream) =>
        DoAsync(step, $"insert into {List} values ($1, $2)", accountId, stream);

    /// <summary>Lists a document that belongs to no stream.</summary>
    public Task ListAsync(string accountId, StoredDocument document) => DoAsync(
        step, $"insert into {List} values ($1, null, $2, $3::jsonb)", accountId, document.Id, document.Data);

    /// <summary>Takes a few off the list; none when there is nothing on it.</summary>
    public async Task<IReadOnlyList<Listed>> TakeAsync()
    {
        // What belongs to nobody goes last: what takes its place under another id is there by then.
        await using var command = Command(
            step,
            $"""
            delete from {List} where ctid = any(array(select ctid from {List} order by stream limit {TakenAtOnce}))
            returning account_id, stream, document_id, data::text
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var taken = new List<Listed>();
        while (await reader.ReadAsync(cancellation))
        {
            var accountId = reader.GetString(0);
            taken.Add(await reader.IsDBNullAsync(1, cancellation)
                ? new Listed(accountId, null, new StoredDocument(reader.GetString(2), reader.GetString(3)))
                : new Listed(accountId, reader.GetString(1), null));
        }

        // Deleted rows come back in the order in which they lay there.
        return [.. taken.OrderBy(listed => listed.Stream is null)];
    }

    /// <summary>Takes the lock that commands take.</summary>
    public Task LockAsync(NpgsqlConnection connection, string accountId, string stream) => DoAsync(
        connection, $"select version from {Streams} where tenant_id = $1 and id = $2 for update", accountId, stream);

    /// <summary>Writes a document that was lost, or differs and may be exchanged; whether it is there then as it should be.</summary>
    public async Task<bool> WriteAsync(NpgsqlConnection connection, string accountId, StoredDocument document, long version, bool exchange)
    {
        // Snapshots count their writes in a number that other documents fill by themselves.
        var counts = options.FindOrResolveDocumentType(View.Document).Metadata.Revision.Enabled;
        await DoAsync(
            connection,
            $"""
            insert into {Table} as stored (tenant_id, id, data, mt_dotnet_type {(counts ? ", mt_version" : "")})
            values ($1, $2::{IdType}, $3::jsonb, $4 {(counts ? $", {version}" : "")})
            on conflict (tenant_id, id) do update set data = excluded.data, mt_last_modified = default where $5 and stored.data <> excluded.data
            """,
            accountId,
            document.Id,
            document.Data,
            View.Document.FullName,
            exchange);
        await using var command = Command(
            connection,
            $"select data = $3::jsonb from {Table} where tenant_id = $1 and id = $2::{IdType}", accountId, document.Id, document.Data);
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>Deletes a document that belongs to no stream, unless it is another one by now.</summary>
    public Task DeleteAsync(NpgsqlConnection connection, string accountId, StoredDocument document) => DoAsync(
        connection,
        $"delete from {Table} where tenant_id = $1 and id = $2::{IdType} and data = $3::jsonb", accountId, document.Id, document.Data);

    private async Task DoAsync(NpgsqlConnection connection, string sql, params object?[] values)
    {
        await using var command = Command(connection, sql, values);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object?[] values)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values)
        {
            command.Parameters.Add(value is null
                ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text }
                : new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
