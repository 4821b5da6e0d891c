using System.Numerics;

namespace MfaEvents.Core.Audit;

/// <summary>
/// What proves that a leaf is in a tree (RFC 6962 2.1.1) and that one tree is the beginning of another (2.1.2): which ranges' hashes,
/// and how they are checked (RFC 9162 2.1.3.2 and 2.1.4.2).
/// </summary>
public static class MerkleProof
{
    /// <summary>The ranges whose hashes prove the leaf, from the leaf towards the root.</summary>
    /// <param name="index">The leaf, less than the size.</param>
    /// <param name="size">How many leaves the tree has.</param>
    public static IReadOnlyList<LeafRange> Inclusion(long index, long size)
    {
        var path = new List<LeafRange>();
        var tree = new LeafRange(0, size);
        while (tree.To - tree.From > 1)
        {
            var (left, right) = Halves(tree);
            path.Add(index < left.To ? right : left);
            tree = index < left.To ? left : right;
        }

        path.Reverse();
        return path;
    }

    /// <summary>The ranges whose hashes prove that the tree of the first leaves is the beginning of a larger one.</summary>
    /// <param name="from">The size of the smaller tree, at least 1.</param>
    /// <param name="to">The size of the larger tree, at least as large.</param>
    public static IReadOnlyList<LeafRange> Consistency(long from, long to)
    {
        var path = new List<LeafRange>();
        var tree = new LeafRange(0, to);
        while (tree.To != from)
        {
            var (left, right) = Halves(tree);
            path.Add(from <= left.To ? right : left);
            tree = from <= left.To ? left : right;
        }

        // The verifier knows the smaller tree's own root already.
        if (tree.From > 0) path.Add(tree);
        path.Reverse();
        return path;
    }

    /// <summary>Whether the proof leads from the leaf to the root.</summary>
    public static bool VerifyInclusion(
        ReadOnlySpan<byte> leafHash, long index, long size, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size) return false;
        var (node, last) = (index, size - 1);
        var hash = leafHash.ToArray();
        foreach (var sibling in proof)
        {
            if (last == 0) return false;
            if ((node & 1) == 1 || node == last)
            {
                hash = MerkleHash.OfNode(sibling, hash);
                while ((node & 1) == 0 && node != 0) (node, last) = (node >> 1, last >> 1);
            }
            else
            {
                hash = MerkleHash.OfNode(hash, sibling);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && root.SequenceEqual(hash);
    }

    /// <summary>Whether the proof leads to both roots.</summary>
    public static bool VerifyConsistency(
        long from, ReadOnlySpan<byte> fromRoot, long to, ReadOnlySpan<byte> toRoot, IReadOnlyList<byte[]> proof)
    {
        if (from < 1 || from > to) return false;
        if (from == to) return proof.Count == 0 && fromRoot.SequenceEqual(toRoot);

        var path = BitOperations.IsPow2(from) ? [fromRoot.ToArray(), .. proof] : proof;
        if (path.Count == 0) return false;
        var (node, last) = (from - 1, to - 1);
        while ((node & 1) == 1) (node, last) = (node >> 1, last >> 1);
        var (smaller, larger) = (path[0], path[0]);
        foreach (var sibling in path.Skip(1))
        {
            if (last == 0) return false;
            if ((node & 1) == 1 || node == last)
            {
                (smaller, larger) = (MerkleHash.OfNode(sibling, smaller), MerkleHash.OfNode(sibling, larger));
                while ((node & 1) == 0 && node != 0) (node, last) = (node >> 1, last >> 1);
            }
            else
            {
                larger = MerkleHash.OfNode(larger, sibling);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && fromRoot.SequenceEqual(smaller) && toRoot.SequenceEqual(larger);
    }

    // 2.1: the left half has the largest power of two that is less than the number of leaves.
    private static (LeafRange Left, LeafRange Right) Halves(LeafRange tree)
    {
        var middle = tree.From + (1L << BitOperations.Log2((ulong)(tree.To - tree.From - 1)));
        return (tree with { To = middle }, tree with { From = middle });
    }
}
