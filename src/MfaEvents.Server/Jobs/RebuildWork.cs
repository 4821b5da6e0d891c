using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Setup;
using Npgsql;
using NpgsqlTypes;

namespace MfaEvents.Server.Jobs;

/// <summary>What a rebuild of the trail does in the database, within the transaction of a step.</summary>
public sealed class RebuildWork(NpgsqlConnection connection, Rebuild rebuild, CancellationToken cancellation)
{
    private static readonly string[] Tables = [AuditTables.Items, AuditTables.Devices, AuditTables.Subjects];

    private static readonly NpgsqlDbType[] Types =
    [
        .. AuditTables.ItemColumns.Select(column => column.Type switch
        {
            "text" => NpgsqlDbType.Text,
            "bigint" => NpgsqlDbType.Bigint,
            "uuid" => NpgsqlDbType.Uuid,
            "timestamptz" => NpgsqlDbType.TimestampTz,
            "jsonb" => NpgsqlDbType.Jsonb,
            _ => throw new InvalidOperationException($"No column is of type {column.Type}."),
        }),
    ];

    private static readonly string Columns = string.Join(", ", AuditTables.ItemColumns.Select(column => column.Name));

    private string Items => AuditTables.Items + rebuild.Suffix;

    private string Devices => AuditTables.Devices + rebuild.Suffix;

    private string Subjects => AuditTables.Subjects + rebuild.Suffix;

    /// <summary>How far each account's numbers are: what the log's sizes are for the view that is read.</summary>
    private string Sizes => $"{EventStore.Schema}.audit_size{rebuild.Suffix}";

    private bool IsOfOne => rebuild.AccountId is not null;

    public async Task DoAsync(string sql, params object[] values)
    {
        await using var command = Command(sql, values);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Makes empty tables of the same shape.</summary>
    public async Task MakeTablesAsync()
    {
        await DoAsync($"create table {Items} (like {AuditTables.Items})");
        await DoAsync($"create table {Devices} (like {AuditTables.Devices} including indexes)");
        await DoAsync($"create table {Subjects} (like {AuditTables.Subjects} including indexes)");
        await DoAsync(
            $"create table {Sizes} (account_id text primary key, size bigint not null, latest_at timestamptz not null)");
    }

    public Task DropAsync() => DoAsync($"drop table if exists {Items}, {Devices}, {Subjects}, {Sizes}");

    /// <summary>How many events there are to load.</summary>
    public async Task<long> EventsAsync()
    {
        var of = IsOfOne ? "where tenant_id = $1" : "";
        await using var command = Command(
            $"select count(*) from {EventStore.Schema}.mt_events {of}", IsOfOne ? [rebuild.AccountId!] : []);
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>The sequence of the last event in the view that is read; for a swap the projection's next commit waits for ours.</summary>
    public async Task<long> LivePositionAsync(bool forSwap)
    {
        await using var command = Command(
            $"select last_seq_id from {EventStore.Schema}.mt_event_progression where name = $1 {(forSwap ? "for update" : "")}",
            AuditTrail.ShardName);
        return await command.ExecuteScalarAsync(cancellation) as long? ?? 0;
    }

    /// <summary>Loads events after one sequence, up to another: how many, and the sequence of the last.</summary>
    public async Task<(int Count, long Position)> LoadAsync(long after, long until, int limit)
    {
        var events = await ReadAsync(after, until, limit);
        if (events.Count == 0) return (0, after);
        var (fold, latest) = await FoldAsync([.. events.Select(e => e.AccountId).Distinct()]);
        await using (var writer = await connection.BeginBinaryImportAsync(
            $"copy {Items} ({Columns}) from stdin (format binary)", cancellation))
        {
            foreach (var e in events)
            {
                var at = latest.GetValueOrDefault(e.AccountId);
                latest[e.AccountId] = e.OccurredAt > at ? e.OccurredAt : at;
                await WriteAsync(writer, new AuditRow(fold.Next(e), latest[e.AccountId]));
            }

            await writer.CompleteAsync(cancellation);
        }

        await KeepAsync(fold, latest);
        return (events.Count, events[^1].Sequence);
    }

    /// <summary>The indexes of the view that is read that the new one needs: their names, and how they are made.</summary>
    public async Task<IReadOnlyList<(string Name, string Sql)>> IndexesAsync()
    {
        var (schema, table) = (EventStore.Schema, AuditTables.Items.Split('.')[1]);
        await using var command = Command(
            "select indexname::text, indexdef from pg_indexes where schemaname = $1 and tablename = $2 order by indexname", schema, table);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var indexes = new List<(string, string)>();
        while (await reader.ReadAsync(cancellation)) indexes.Add((reader.GetString(0), reader.GetString(1)));

        // Of one account, the rows alone are taken over.
        return IsOfOne ? [.. indexes.Where(index => IsKey(index.Item1))] : indexes;
    }

    /// <summary>Gives the new view one of them.</summary>
    public Task MakeIndexAsync((string Name, string Sql) index) => DoAsync(index.Sql
        .Replace($"INDEX {index.Name} ON {AuditTables.Items} ", $"INDEX {index.Name}{rebuild.Suffix} ON {Items} ", StringComparison.Ordinal));

    /// <summary>Lets PostgreSQL count what is in the new view, so that its first reader gets a good plan.</summary>
    public Task CountAsync() => DoAsync($"analyze {Items}");

    /// <summary>Where both views end for a comparison: at the last sequence of the new one; of one account, after its last index.</summary>
    public async Task<long> EndAsync(long position)
    {
        if (!IsOfOne) return position;
        await using var command = Command($"select size from {Sizes} where account_id = $1", rebuild.AccountId!);
        return await command.ExecuteScalarAsync(cancellation) as long? ?? 0;
    }

    /// <summary>
    /// Compares the rows of both views whose sequence is beyond one and up to another; of one account, those whose index is at least one
    /// and less than another.
    /// </summary>
    public async Task<Parity> CompareAsync(long from, long to, long position)
    {
        var (within, of) = IsOfOne
            ? ("index >= $1 and index < $2", "and account_id = $3 and sequence <= $4")
            : ("sequence > $1 and sequence <= $2", "");
        await using var command = Command(
            $"""
            with compared as (
                select coalesce(new.account_id, old.account_id) as account_id, coalesce(new.index, old.index) as index,
                    old.account_id is null as missing, new.account_id is null as extra,
                    old.account_id is not null and new.account_id is not null and old is distinct from new as changed
                from (select {Columns} from {AuditTables.Items} where {within} {of}) old
                full join (select {Columns} from {Items} where {within}) new
                    on old.account_id = new.account_id and old.index = new.index)
            select count(*), count(*) filter (where extra or changed), count(*) filter (where missing),
                (array_agg(account_id || ' ' || index || case when extra then ' belongs to no event' else ' differs from its event' end)
                    filter (where extra or changed))[1:10]
            from compared
            """,
            IsOfOne ? [from, to, rebuild.AccountId!, position] : [from, to]);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return new Parity(
            reader.GetInt64(0),
            reader.GetInt64(1),
            reader.GetInt64(2),
            await reader.IsDBNullAsync(3, cancellation) ? [] : await reader.GetFieldValueAsync<string[]>(3, cancellation));
    }

    /// <summary>
    /// Of one account: puts the rows of the new view in the place of those that differ, or were lost, whose index is at least one and
    /// less than another. Whoever reads meanwhile sees a row as it was, or as it is to be.
    /// </summary>
    public async Task ExchangeAsync(long from, long to, long position)
    {
        await DoAsync(
            $"""
            delete from {AuditTables.Items} old
            where account_id = $1 and index >= $2 and index < $3 and sequence <= $4 and not exists (
                select from {Items} new where new.account_id = old.account_id and new.index = old.index and new is not distinct from old)
            """,
            rebuild.AccountId!, from, to, position);
        await DoAsync(
            $"insert into {AuditTables.Items} select * from {Items} where index >= $1 and index < $2 on conflict do nothing", from, to);
    }

    /// <summary>Of one account: what is left to exchange, with what the next events need to know.</summary>
    public async Task FinishAsync(long from, long position)
    {
        await ExchangeAsync(from, long.MaxValue, position);
        foreach (var table in (string[])[AuditTables.Devices, AuditTables.Subjects])
        {
            await DoAsync(
                $"delete from {table} old where account_id = $1 and not exists (select from {table}{rebuild.Suffix} new where new is not distinct from old)",
                rebuild.AccountId!);
            await DoAsync($"insert into {table} select * from {table}{rebuild.Suffix} on conflict do nothing");
        }

        await DropAsync();
    }

    /// <summary>Puts the new view in the place of the old one, which is gone then.</summary>
    public async Task SwapAsync()
    {
        // Who reads at this moment goes on; whoever comes now waits this long at most, and then we come again.
        await DoAsync("set local lock_timeout = '200ms'");
        var indexes = await IndexesAsync();
        await DoAsync($"drop table {string.Join(", ", Tables)}");
        await DoAsync($"drop table {Sizes}");
        foreach (var table in Tables) await DoAsync($"alter table {table}{rebuild.Suffix} rename to {table.Split('.')[1]}");
        foreach (var (name, sql) in indexes)
        {
            await DoAsync($"alter index {EventStore.Schema}.{name}{rebuild.Suffix} rename to {name}");
            if (IsKey(name))
                await DoAsync($"alter table {AuditTables.Items} add constraint {name} primary key using index {name}");
        }

        await RenameKeysAsync();
    }

    // What "including indexes" made has a name of PostgreSQL's own; the store knows its keys by these.
    private async Task RenameKeysAsync()
    {
        foreach (var (table, columns) in ((string, string)[])[(AuditTables.Devices, "account_id_device_id"), (AuditTables.Subjects, "account_id_stream")])
        {
            var name = table.Split('.')[1];
            await using var command = Command(
                "select conname::text from pg_constraint where conrelid = $1::regclass and contype = 'p'", table);
            if (await command.ExecuteScalarAsync(cancellation) is string given)
                await DoAsync($"alter table {table} rename constraint \"{given}\" to pkey_{name}_{columns}");
        }
    }

    private static bool IsKey(string index) => index.StartsWith("pkey", StringComparison.Ordinal);

    private async Task<List<StoredEvent>> ReadAsync(long after, long until, int limit)
    {
        var of = IsOfOne ? "and tenant_id = $4" : "";
        await using var command = Command(
            $"{StoredEvents.Select} where seq_id > $1 and seq_id <= $2 and {StoredEvents.Happened} {of} order by seq_id limit $3",
            IsOfOne ? [after, until, limit, rebuild.AccountId!] : [after, until, limit]);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var events = new List<StoredEvent>(limit);
        while (await reader.ReadAsync(cancellation)) events.Add(StoredEvents.Read(reader));
        return events;
    }

    private async Task<(AuditFold Fold, Dictionary<string, DateTimeOffset> Latest)> FoldAsync(string[] accounts)
    {
        var (fold, latest) = (new AuditFold(), new Dictionary<string, DateTimeOffset>());
        await EachAsync($"select account_id, size, latest_at from {Sizes} where account_id = any($1)", accounts, row =>
        {
            fold.Tell(row.GetString(0), row.GetInt64(1));
            latest[row.GetString(0)] = row.GetFieldValue<DateTimeOffset>(2);
        });
        await EachAsync($"select account_id, device_id, device_name, device_type from {Devices} where account_id = any($1)", accounts, row =>
            fold.Tell(row.GetString(0), new DeviceLabel(row.GetGuid(1), Text(row, 2), Text(row, 3))));
        await EachAsync($"select account_id, stream, principal from {Subjects} where account_id = any($1)", accounts, row =>
            fold.Tell(row.GetString(0), row.GetString(1), row.GetString(2)));
        return (fold, latest);

        static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }

    private async Task EachAsync(string sql, string[] accounts, Action<NpgsqlDataReader> take)
    {
        await using var command = Command(sql, (object)accounts);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) take(reader);
    }

    private async Task KeepAsync(AuditFold fold, Dictionary<string, DateTimeOffset> latest)
    {
        await DoAsync(
            $"""
            insert into {Sizes} (account_id, size, latest_at) select * from unnest($1::text[], $2::bigint[], $3::timestamptz[])
            on conflict (account_id) do update set size = excluded.size, latest_at = excluded.latest_at
            """,
            latest.Keys.ToArray(),
            latest.Keys.Select(account => fold.Sizes[account]).ToArray(),
            latest.Values.Select(at => at.ToUniversalTime()).ToArray());
        await DoAsync(
            $"""
            insert into {Devices} (account_id, device_id, device_name, device_type)
            select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[])
            on conflict (account_id, device_id)
            do update set device_name = excluded.device_name, device_type = excluded.device_type
            """,
            fold.Devices.Keys.Select(key => key.AccountId).ToArray(),
            fold.Devices.Keys.Select(key => key.DeviceId).ToArray(),
            fold.Devices.Values.Select(label => label.Name).ToArray(),
            fold.Devices.Values.Select(label => label.Type).ToArray());
        await DoAsync(
            $"""
            insert into {Subjects} (account_id, stream, principal) select * from unnest($1::text[], $2::text[], $3::text[])
            on conflict do nothing
            """,
            fold.Subjects.Keys.Select(key => key.AccountId).ToArray(),
            fold.Subjects.Keys.Select(key => key.Stream).ToArray(),
            fold.Subjects.Values.ToArray());
    }

    private async Task WriteAsync(NpgsqlBinaryImporter writer, AuditRow row)
    {
        await writer.StartRowAsync(cancellation);
        var values = row.Values();
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is { } value) await writer.WriteAsync(value, Types[i], cancellation);
            else await writer.WriteNullAsync(cancellation);
        }
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}
