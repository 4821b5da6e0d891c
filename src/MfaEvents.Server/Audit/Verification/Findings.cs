using System.Buffers;
using Marten;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>
/// Finds the first difference and names what was done. Event, row and logged hash are three witnesses of an entry: whichever two
/// agree say what the third has lost.
/// </summary>
public sealed class Findings(IQuerySession session)
{
    /// <summary>The first difference; null while there is none.</summary>
    public LogDifference? First { get; private set; }

    /// <summary>Compares what event, log and trail say of one index.</summary>
    public async Task CompareAsync(
        long index, AuditEntry? entry, byte[]? hash, byte[]? logged, AuditEntry? row, CancellationToken cancellation)
    {
        if (row is not null && row.Index != index) row = null;
        var isLogged = hash is not null && logged is not null && hash.AsSpan().SequenceEqual(logged);
        if (isLogged)
        {
            if (row is null)
                Say(index, DifferenceKind.RowRemoved, entry!.Event.EventId, [], $"The audit trail has lost its row {index}.");
            else if (EntryFields.Differing(entry!, row) is { Count: > 0 } fields)
                Say(index, DifferenceKind.RowChanged, entry!.Event.EventId, fields,
                    $"Row {index} of the audit trail differs from its event in {InWords(fields)}.");
            return;
        }

        if (logged is null)
        {
            if (entry is not null)
                Say(index, DifferenceKind.EventInserted, entry.Event.EventId, [],
                    $"The {entry.Event.EventType} of sequence {entry.Event.Sequence} was never logged, or the end of the log was cut off.");
            else if (row is not null)
                Say(index, DifferenceKind.RowInserted, row.Event.EventId, [], $"Row {index} of the audit trail was never logged.");
            else
                Say(index, DifferenceKind.LogChanged, null, [], $"The log has lost its leaf {index}.");
        }
        else if (row is not null && HashOf(row).AsSpan().SequenceEqual(logged))
        {
            await NameByRowAsync(index, entry, row, cancellation);
        }
        else if (entry is null)
        {
            Say(index, DifferenceKind.EventRemoved, row?.Event.EventId, [],
                $"The log has an entry {index} and the event store has no event for it any more.");
        }
        else if (row is not null && EntryFields.Differing(entry, row).Count == 0)
        {
            Say(index, DifferenceKind.EventChanged, entry.Event.EventId, [],
                $"Event and row agree with each other, but not with what was logged as entry {index}.");
        }
        else
        {
            Say(index, DifferenceKind.EventChanged, entry.Event.EventId, [],
                $"Neither the event nor the row of entry {index} is what was logged.");
        }
    }

    /// <summary>Says that a checkpoint of this size has another root.</summary>
    public void CheckpointDiffers(long size) => Say(
        null, DifferenceKind.CheckpointDiffers, null, [],
        $"The checkpoint of the first {size} entries that was written out names another root than they have now.");

    /// <summary>Says that a checkpoint is longer than what is there.</summary>
    public void Truncated(long size, long written) => Say(
        size, DifferenceKind.LogTruncated, null, [],
        $"A checkpoint of {written} entries was written out, and there are {size}: the end of the history was cut off.");

    /// <summary>Says that checkpoints were written out that are none any more.</summary>
    public void CheckpointUnreadable(int count) => Say(
        null, DifferenceKind.CheckpointUnreadable, null, [],
        $"Of the checkpoints that were written out, {count} cannot be read any more: what they said is not compared.");

    /// <summary>Says that the log's own tree is not that of its leaves.</summary>
    public void LevelDiffers(int level) => Say(
        null, DifferenceKind.LogChanged, null, [], $"The tiles of level {level} of the log are not those of its leaves.");

    /// <summary>Adds what another witness found, at whatever index.</summary>
    public void Add(LogDifference difference)
    {
        if (First is null || difference.Index < (First.Index ?? long.MaxValue)) First = difference;
    }

    // The row is what was logged: it tells what the event was.
    private async Task NameByRowAsync(long index, AuditEntry? entry, AuditEntry row, CancellationToken cancellation)
    {
        var was = $"the {row.Event.EventType} of entry {index}";
        if (entry?.Event.EventId == row.Event.EventId)
        {
            var fields = EntryFields.Differing(entry, row);
            var kind = fields.Any(EntryFields.OfTheEvent.Contains) ? DifferenceKind.EventChanged
                : fields.Contains(EntryFields.OccurredAt) ? DifferenceKind.EventRedated
                : DifferenceKind.MetadataChanged;
            Say(index, kind, row.Event.EventId, fields, $"Of {was}, {InWords(fields)} was changed in the event store.");
        }
        else if (!await IsStoredAsync(row.Event.EventId, cancellation))
        {
            Say(index, DifferenceKind.EventRemoved, row.Event.EventId, [], $"The event store has lost {was}.");
        }
        else if (entry is not null && !await HasRowAsync(entry.Event.EventId, cancellation))
        {
            Say(index, DifferenceKind.EventInserted, entry.Event.EventId, [],
                $"Before {was}, the event store has a {entry.Event.EventType} that was never logged.");
        }
        else
        {
            Say(index, DifferenceKind.EventsReordered, row.Event.EventId, [],
                $"The event store has {was} at another place in the order of events.");
        }
    }

    private void Say(long? index, DifferenceKind kind, Guid? eventId, IReadOnlyList<string> fields, string sentence) =>
        First ??= new LogDifference(index, kind, eventId, fields, sentence);

    private static string InWords(IReadOnlyList<string> fields) => string.Join(", ", fields);

    private static byte[] HashOf(AuditEntry row)
    {
        var leaf = new ArrayBufferWriter<byte>();
        try
        {
            row.WriteLeaf(leaf);
        }
        catch (FormatException)
        {
            return [];
        }

        return MerkleHash.OfLeaf(leaf.WrittenSpan);
    }

    private Task<bool> IsStoredAsync(Guid eventId, CancellationToken cancellation) =>
        ExistsAsync($"select 1 from {EventStore.Schema}.mt_events where tenant_id = $1 and id = $2", eventId, cancellation);

    private Task<bool> HasRowAsync(Guid eventId, CancellationToken cancellation) =>
        ExistsAsync($"select 1 from {AuditTables.Items} where account_id = $1 and event_id = $2", eventId, cancellation);

    private async Task<bool> ExistsAsync(string sql, Guid eventId, CancellationToken cancellation)
    {
        await using var connection = (NpgsqlConnection)session.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = session.TenantId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = eventId });
        return await command.ExecuteScalarAsync(cancellation) is not null;
    }
}
