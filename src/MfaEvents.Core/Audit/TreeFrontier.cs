namespace MfaEvents.Core.Audit;

/// <summary>A tree that grows by one leaf at a time and remembers only what its next root needs.</summary>
public sealed class TreeFrontier
{
    private readonly Stack<byte[]> complete = [];

    /// <summary>A tree without leaves.</summary>
    public TreeFrontier()
    {
    }

    /// <summary>A tree of a size, out of the hashes of its complete subtrees.</summary>
    public TreeFrontier(long size, Func<TreeNode, byte[]> read)
    {
        Size = size;
        foreach (var node in new LeafRange(0, size).Nodes) complete.Push(read(node));
    }

    /// <summary>How many leaves there are.</summary>
    public long Size { get; private set; }

    /// <summary>The root of the tree as it is now.</summary>
    public byte[] Root
    {
        get
        {
            if (Size == 0) return MerkleHash.Empty;
            return complete.Aggregate((right, left) => MerkleHash.OfNode(left, right));
        }
    }

    /// <summary>Adds a leaf and tells of every subtree that it completes, the smallest first: the leaf itself is one.</summary>
    public void Append(byte[] leafHash, Action<TreeNode, byte[]>? completed = null)
    {
        var (hash, level) = (leafHash, 0);
        completed?.Invoke(new TreeNode(0, Size), hash);
        for (; (Size >> level & 1) == 1; level++)
        {
            hash = MerkleHash.OfNode(complete.Pop(), hash);
            completed?.Invoke(new TreeNode(level + 1, Size >> (level + 1)), hash);
        }

        complete.Push(hash);
        Size++;
    }
}
