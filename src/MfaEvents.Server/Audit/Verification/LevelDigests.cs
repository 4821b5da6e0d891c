using System.Security.Cryptography;
using MfaEvents.Core.Audit;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>
/// Compares the levels of a tree above its leaves, hash by hash and yet in constant memory: by a digest of each level's hashes in
/// their order.
/// </summary>
/// <param name="size">How many leaves the tree has: hashes of a longer one are left out.</param>
public sealed class LevelDigests(long size) : IDisposable
{
    private readonly SortedDictionary<int, (IncrementalHash Digest, long Left)> levels = [];

    /// <summary>Takes a subtree's hash, if its level is one of those that are kept.</summary>
    public void Append(TreeNode node, byte[] hash)
    {
        if (node.Level > 0 && TreeTile.PlaceOf(node) is not null) Append(node.Level / TreeTile.Height, hash);
    }

    /// <summary>Takes hashes of a level of tiles.</summary>
    public void Append(int level, byte[] hashes)
    {
        if (!levels.TryGetValue(level, out var kept))
            kept = (IncrementalHash.CreateHash(HashAlgorithmName.SHA256), (size >> TreeTile.Height * level) * MerkleHash.Length);
        var taken = (int)Math.Min(hashes.Length, kept.Left);
        kept.Digest.AppendData(hashes, 0, taken);
        levels[level] = kept with { Left = kept.Left - taken };
    }

    /// <summary>The first level in which both differ; null if there is none.</summary>
    public int? FirstDifference(LevelDigests other)
    {
        var (mine, theirs) = (Digests(), other.Digests());
        foreach (var level in mine.Keys.Union(theirs.Keys).Order())
            if (!mine.GetValueOrDefault(level, []).AsSpan().SequenceEqual(theirs.GetValueOrDefault(level, [])))
                return level;
        return null;
    }

    public void Dispose()
    {
        foreach (var (digest, _) in levels.Values) digest.Dispose();
    }

    // A level that only the longer tree has is none of ours.
    private Dictionary<int, byte[]> Digests() => levels.Where(level => size >> TreeTile.Height * level.Key > 0)
        .ToDictionary(level => level.Key, level => level.Value.Digest.GetCurrentHash());
}
