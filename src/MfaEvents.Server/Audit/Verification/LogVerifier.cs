using System.Buffers;
using Marten;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit.Log;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>
/// Walks once through an account's events as they are stored, its log and its trail, side by side and in constant memory, and
/// through the checkpoints that lie outside of the database.
/// </summary>
public sealed class LogVerifier(ICheckpointStore checkpoints, Seals seals) : IDisposable
{
    /// <summary>When to come back while others verify.</summary>
    public const int BusySeconds = 5;

    private const string Claims =
        $"""
        select coalesce((select size from {LogTables.Sizes} where account_id = $1), 0),
            coalesce((select last_seq_id from {EventStore.Schema}.mt_event_progression where name = '{AuditTrail.ShardName}'), 0)
        """;

    private const string Events =
        $"{StoredEvents.Select} where tenant_id = $1 and seq_id <= $2 and {StoredEvents.Happened} order by seq_id";

    private const string Erasures =
        $"{StoredEvents.Select} where tenant_id = $1 and seq_id > $2 and type = '{PersonalDataWitness.Erased}' order by seq_id";

    private const string Leaves =
        $"select level, hashes from {LogTables.Tiles} where account_id = $1 and level = 0 order by index";

    private const string Levels =
        $"select level, hashes from {LogTables.Tiles} where account_id = $1 and level > 0 order by level, index";

    // Of one snapshot: the log may have grown since the leaves were walked through.
    private static readonly string Surplus =
        $"""
        select level from {LogTables.Tiles} tile left join {LogTables.Sizes} log using (account_id)
        where account_id = $1
        group by level, log.size having sum(octet_length(hashes)) / {MerkleHash.Length} > coalesce(log.size, 0) >> {TreeTile.Height} * level
        order by level limit 1
        """;

    // It reads whatever there is, with all of a processor: two at a time leave the rest to those who sign in.
    private readonly SemaphoreSlim running = new(2);

    /// <summary>Verifies the session's account; null while too many others are verified.</summary>
    public async Task<LogVerification?> VerifyAsync(IQuerySession session, CancellationToken cancellation)
    {
        if (!await running.WaitAsync(TimeSpan.Zero, cancellation)) return null;
        try
        {
            return await WalkAsync(session, cancellation);
        }
        finally
        {
            running.Release();
        }
    }

    public void Dispose() => running.Dispose();

    private async Task<LogVerification> WalkAsync(IQuerySession session, CancellationToken cancellation)
    {
        var account = session.TenantId;

        // Which heads there are is asked first: no log is shorter than a head that was written out before.
        await using var written = new CheckpointCursor(checkpoints.ReadAsync(account, cancellation).GetAsyncEnumerator(cancellation));
        await written.MoveAsync();

        // What is appended meanwhile is beyond both, and left for the next time.
        var (size, position) = await ClaimsAsync(session, cancellation);
        await using var events = await HistoryCursor.OpenAsync(
            session, Events, StoredEvents.Read, cancellation, account, position);
        await using var leaves = new LeafCursor(await HistoryCursor.OpenAsync(session, Leaves, Tile.Read, cancellation, account));
        await using var rows = await HistoryCursor.OpenAsync(
            session, $"{AuditRow.Select} where account_id = $1 and index < $2 order by index", AuditRow.Read, cancellation, account, size);

        var findings = new Findings(session);
        var witness = new PersonalDataWitness(session, seals);
        var tree = new TreeFrontier();
        using var levels = new LevelDigests(size);
        var fold = new AuditFold();
        var leaf = new ArrayBufferWriter<byte>();
        for (long index = 0; ; index++)
        {
            var stored = await events.NextAsync(cancellation);
            var row = await rows.NextAsync(cancellation);
            var logged = index < size ? await leaves.NextAsync(cancellation) : null;
            if (stored is null && row is null && logged is null && index >= size) break;

            var entry = stored is null ? null : fold.Next(stored);
            var hash = entry is null ? null : HashOf(entry, leaf);
            if (entry is not null && await witness.ObserveAsync(entry, row?.Entry, cancellation) is { } changed) findings.Add(changed);
            if (findings.First is null) await findings.CompareAsync(index, entry, hash, logged, row?.Entry, cancellation);
            if (hash is null) continue;
            tree.Append(hash, levels.Append);
            if (await written.AtAsync(tree.Size) is { } root && !root.AsSpan().SequenceEqual(tree.Root)) findings.CheckpointDiffers(tree.Size);
        }

        if (await written.AfterAsync(tree.Size) is { } longer) findings.Truncated(tree.Size, longer);
        if (witness.First is not null) await ObserveErasuresAsync(session, position, witness, cancellation);
        if (witness.First is { } found) findings.Add(found);
        if (findings.First is null) await CompareLevelsAsync(session, size, levels, findings, cancellation);
        if (written.Unreadable > 0) findings.CheckpointUnreadable(written.Unreadable);
        return new LogVerification(size, Convert.ToBase64String(tree.Root), findings.First is null, findings.First);
    }

    // What is erased is gone at once, and the event that says so is among what was appended meanwhile.
    private static async Task ObserveErasuresAsync(
        IQuerySession session, long position, PersonalDataWitness witness, CancellationToken cancellation)
    {
        await using var erasures = await HistoryCursor.OpenAsync(
            session, Erasures, StoredEvents.Read, cancellation, session.TenantId, position);
        while (await erasures.NextAsync(cancellation) is { } erasure) witness.Accept(erasure);
    }

    private static async Task<(long Size, long Position)> ClaimsAsync(IQuerySession session, CancellationToken cancellation)
    {
        await using var connection = (NpgsqlConnection)session.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(Claims, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = session.TenantId });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    private static async Task CompareLevelsAsync(
        IQuerySession session, long size, LevelDigests computed, Findings findings, CancellationToken cancellation)
    {
        using var kept = new LevelDigests(size);
        await using var tiles = await HistoryCursor.OpenAsync(session, Levels, Tile.Read, cancellation, session.TenantId);
        while (await tiles.NextAsync(cancellation) is { } tile) kept.Append(tile.Level, tile.Hashes);
        if (computed.FirstDifference(kept) is { } level) findings.LevelDiffers(level);
        await using var surplus = await HistoryCursor.OpenAsync(session, Surplus, row => new Tile(row.GetInt16(0), []), cancellation, session.TenantId);
        if (await surplus.NextAsync(cancellation) is { } beyond) findings.LevelDiffers(beyond.Level);
    }

    // What was tampered with until it has no canonical form has no leaf either, and differs from whatever was logged.
    private static byte[] HashOf(AuditEntry entry, ArrayBufferWriter<byte> leaf)
    {
        leaf.ResetWrittenCount();
        try
        {
            entry.WriteLeaf(leaf);
        }
        catch (FormatException)
        {
            leaf.ResetWrittenCount();
        }

        return MerkleHash.OfLeaf(leaf.WrittenSpan);
    }
}
