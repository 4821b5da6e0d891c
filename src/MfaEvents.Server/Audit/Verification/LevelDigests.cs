using System.Security.Cryptography;
using MfaEvents.Core.Audit;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>
/// Compares the levels of a tree above its leaves, hash by hash and yet in constant memory: by a digest of each level's hashes in their order.
/// </summary>
public sealed class LevelDigests : IDisposable
{
    private readonly SortedDictionary<int, IncrementalHash> levels = [];

    /// <summary>Takes a subtree's hash, if its level is one of those that are kept.</summary>
    public void Append(TreeNode node, byte[] hash)
    {
        if (node.Level > 0 && TreeTile.PlaceOf(node) is not null) Append(node.Level / TreeTile.Height, hash);
    }

    /// <summary>Takes hashes of a level of tiles.</summary>
    public void Append(int level, byte[] hashes)
    {
        if (!levels.TryGetValue(level, out var digest))
            levels[level] = digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        digest.AppendData(hashes);
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
        foreach (var digest in levels.Values) digest.Dispose();
    }

    private Dictionary<int, byte[]> Digests() => levels.ToDictionary(level => level.Key, level => level.Value.GetCurrentHash());
}
