using System.Numerics;

namespace MfaEvents.Core.Audit;

/// <summary>A complete subtree: the leaves from <c>Index * 2^Level</c>, 2^Level of them.</summary>
public readonly record struct TreeNode(int Level, long Index);

/// <summary>Some leaves in a row, as RFC 6962 2.1 takes trees apart: every one of its subtrees begins at such a range.</summary>
/// <param name="From">The first leaf.</param>
/// <param name="To">The leaf after the last.</param>
public readonly record struct LeafRange(long From, long To)
{
    /// <summary>The complete subtrees that make it up, from left to right: at most one of each size, the largest first.</summary>
    public IReadOnlyList<TreeNode> Nodes
    {
        get
        {
            var nodes = new List<TreeNode>();
            for (var from = From; from < To;)
            {
                var level = BitOperations.Log2((ulong)(To - from));
                nodes.Add(new TreeNode(level, from >> level));
                from += 1L << level;
            }

            return nodes;
        }
    }

    /// <summary>The Merkle tree hash of these leaves, out of the hashes of complete subtrees.</summary>
    public byte[] Hash(Func<TreeNode, byte[]> read)
    {
        var nodes = Nodes;
        if (nodes.Count == 0) return MerkleHash.Empty;
        var hash = read(nodes[^1]);
        for (var i = nodes.Count - 2; i >= 0; i--) hash = MerkleHash.OfNode(read(nodes[i]), hash);
        return hash;
    }
}
