using System.Buffers;
using JasperFx.Events;
using Marten;
using MfaEvents.Core.Audit;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Core.Support;
using MfaEvents.Server.Audit.Log;
using Npgsql;

namespace MfaEvents.Server.Audit.Trail;

/// <summary>What a page of events needs to become entries and leaves, read in one round trip; and what it has become.</summary>
public sealed class TrailState
{
    private const string Labels =
        $"""
        select account_id, device_id, device_name, device_type from {AuditTables.Devices}
        where (account_id, device_id) in (select * from unnest($1::text[], $2::uuid[]))
        """;

    private const string Subjects =
        $"""
        select account_id, stream, principal from {AuditTables.Subjects}
        where (account_id, stream) in (select * from unnest($1::text[], $2::text[]))
        """;

    private const string Sizes =
        $"select account_id, size, latest_at, skew_seconds from {LogTables.Sizes} where account_id = any($1)";

    // As many levels as the size has hexadecimal digits; the last tile of each, if it is not full.
    private const string Tiles =
        $"""
        select tile.account_id, tile.level, tile.index, tile.hashes
        from {LogTables.Sizes} log
        cross join lateral generate_series(0, length(to_hex(log.size)) - 1) as depth
        join {LogTables.Tiles} tile
            on tile.account_id = log.account_id and tile.level = depth and tile.index = log.size >> (4 * (depth + 1))
        where log.account_id = any($1)
        """;

    private readonly AuditFold fold = new();
    private readonly Dictionary<string, AccountTrail> accounts = [];
    private readonly HashSet<(string, DeviceLabel)> knownDevices = [];
    private readonly HashSet<(string, string)> knownSubjects = [];
    private readonly ArrayBufferWriter<byte> leaf = new();

    private TrailState(IReadOnlyList<StoredEvent> stored)
    {
        Stored = stored;
    }

    /// <summary>The events of the page as they are stored.</summary>
    public IReadOnlyList<StoredEvent> Stored { get; }

    /// <summary>The accounts of the page.</summary>
    public IReadOnlyCollection<AccountTrail> Accounts => accounts.Values;

    /// <summary>What devices are called since this page.</summary>
    public IReadOnlyList<(string AccountId, DeviceLabel Label)> NewDevices =>
        [.. fold.Devices.Select(known => (known.Key.AccountId, known.Value)).Where(device => !knownDevices.Contains(device))];

    /// <summary>Whom the cases are about that were opened in this page.</summary>
    public IReadOnlyList<(string AccountId, string Stream, string Principal)> NewSubjects =>
    [
        .. fold.Subjects.Where(subject => !knownSubjects.Contains(subject.Key))
            .Select(subject => (subject.Key.AccountId, subject.Key.Stream, subject.Value)),
    ];

    public static async Task<TrailState> ReadAsync(
        IQuerySession session, IReadOnlyList<IEvent> page, CancellationToken cancellation)
    {
        var ids = page.Select(e => e.TenantId).Distinct().ToArray();
        var devices = page.Select(e => (e.TenantId, DeviceId: DeviceOf(e.Data))).Where(named => named.DeviceId is not null)
            .Distinct().ToArray();
        var cases = page.Where(e => e.Data is ICaseEvent).Select(e => (e.TenantId, Stream: e.StreamKey!)).Distinct().ToArray();

        await using var connection = (NpgsqlConnection)session.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection);
        Add($"{StoredEvents.Select} where seq_id = any($1) order by seq_id", page.Select(e => e.Sequence).ToArray());
        Add(Labels, devices.Select(named => named.TenantId).ToArray(), devices.Select(named => named.DeviceId!.Value).ToArray());
        Add(Subjects, cases.Select(about => about.TenantId).ToArray(), cases.Select(about => about.Stream).ToArray());
        Add(Sizes, ids);
        Add(Tiles, ids);
        await using var reader = await batch.ExecuteReaderAsync(cancellation);

        var stored = new List<StoredEvent>();
        while (await reader.ReadAsync(cancellation)) stored.Add(StoredEvents.Read(reader));
        if (stored.Count != page.Count) throw new InvalidOperationException("Events of the page are gone from the store.");
        var state = new TrailState(stored);

        await reader.NextResultAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) state.TellDevice(reader);
        await reader.NextResultAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) state.TellSubject(reader);
        await reader.NextResultAsync(cancellation);
        var sizes = new Dictionary<string, (long Size, TrailClock Clock)>();
        while (await reader.ReadAsync(cancellation))
            sizes[reader.GetString(0)] =
                (reader.GetInt64(1), new TrailClock(reader.GetFieldValue<DateTimeOffset>(2), reader.GetInt64(3)));
        await reader.NextResultAsync(cancellation);
        var tiles = ids.ToDictionary(id => id, _ => new Dictionary<TreeTile, byte[]>());
        while (await reader.ReadAsync(cancellation))
            tiles[reader.GetString(0)][new TreeTile(reader.GetInt16(1), reader.GetInt64(2))] = reader.GetFieldValue<byte[]>(3);

        foreach (var id in ids)
        {
            var (size, clock) = sizes.GetValueOrDefault(id);
            state.fold.Tell(id, size);
            state.accounts[id] = new AccountTrail(id, new LogTail(size, tiles[id])) { Clock = clock };
        }

        return state;

        void Add(string sql, params Array[] values)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
            batch.BatchCommands.Add(command);
        }
    }

    /// <summary>The row of the next event of the page; its leaf is in the log.</summary>
    /// <exception cref="FormatException">The event's data have no canonical form.</exception>
    public AuditRow Append(StoredEvent stored)
    {
        var entry = fold.Next(stored);
        leaf.ResetWrittenCount();
        entry.WriteLeaf(leaf);
        var account = accounts[stored.AccountId];
        account.Log.Append(MerkleHash.OfLeaf(leaf.WrittenSpan));
        account.Clock = account.Clock.Next(stored.OccurredAt);
        return new AuditRow(entry, account.Clock.LatestAt);
    }

    private void TellDevice(NpgsqlDataReader row)
    {
        var label = new DeviceLabel(row.GetGuid(1), Text(2), Text(3));
        fold.Tell(row.GetString(0), label);
        knownDevices.Add((row.GetString(0), label));

        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }

    private void TellSubject(NpgsqlDataReader row)
    {
        fold.Tell(row.GetString(0), row.GetString(1), row.GetString(2));
        knownSubjects.Add((row.GetString(0), row.GetString(1)));
    }

    private static Guid? DeviceOf(object data) => data switch
    {
        IDeviceEvent e => e.DeviceId,
        SignedIn e => e.DeviceId,
        SignInRefused e => e.DeviceId,
        _ => null,
    };
}

/// <summary>One account's part of a page.</summary>
public sealed class AccountTrail(string accountId, LogTail log)
{
    public string AccountId => accountId;

    public LogTail Log => log;

    public TrailClock Clock { get; set; }
}
