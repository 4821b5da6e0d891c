using MfaEvents.Core.Audit;
using Npgsql;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>A tile of the log.</summary>
public sealed record Tile(short Level, byte[] Hashes)
{
    public static Tile Read(NpgsqlDataReader row) => new(row.GetInt16(0), row.GetFieldValue<byte[]>(1));
}

/// <summary>The hashes of the leaves, one by one, out of their tiles.</summary>
public sealed class LeafCursor(HistoryCursor<Tile> tiles) : IAsyncDisposable
{
    private byte[] hashes = [];
    private int next;

    /// <summary>The next leaf's hash; null after the last.</summary>
    public async ValueTask<byte[]?> NextAsync(CancellationToken cancellation)
    {
        if (next + MerkleHash.Length > hashes.Length)
        {
            if (await tiles.NextAsync(cancellation) is not { } tile) return null;
            (hashes, next) = (tile.Hashes, 0);
        }

        next += MerkleHash.Length;
        return hashes[(next - MerkleHash.Length)..next];
    }

    public ValueTask DisposeAsync() => tiles.DisposeAsync();
}

/// <summary>The checkpoints that were written out, by ascending size.</summary>
public sealed class CheckpointCursor(IAsyncEnumerator<string> notes) : IAsyncDisposable
{
    private Checkpoint? next;

    /// <summary>How many of those that were passed are no checkpoints.</summary>
    public int Unreadable { get; private set; }

    /// <summary>Goes to the next one; with the first, which there are is settled.</summary>
    public async ValueTask MoveAsync()
    {
        next = null;
        while (next is null && await notes.MoveNextAsync())
        {
            next = SignedNote.Parse(notes.Current) is { } note ? Checkpoint.Parse(note.Text) : null;
            if (next is null) Unreadable++;
        }
    }

    /// <summary>The root that a checkpoint of this size names; null if there is none.</summary>
    public async ValueTask<byte[]?> AtAsync(long size)
    {
        while (next is { } checkpoint && checkpoint.Size < size) await MoveAsync();
        return next?.Size == size ? next.Root : null;
    }

    /// <summary>The size of the longest checkpoint beyond a size; null if there is none.</summary>
    public async ValueTask<long?> AfterAsync(long size)
    {
        long? longest = null;
        for (; next is { } checkpoint; await MoveAsync())
            if (checkpoint.Size > size)
                longest = checkpoint.Size;
        return longest;
    }

    public ValueTask DisposeAsync() => notes.DisposeAsync();
}
