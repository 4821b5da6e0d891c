namespace MfaEvents.Core.Audit;

/// <summary>
/// Where a tree's hashes are kept: sixteen in a row are a tile, and only every fourth level of the tree is written down, for the three between
/// are made of it. C2SP's tlog-tiles has 256 in a row; the last tile of each level is written again with every entry of an account, and
/// half a kilobyte is written faster than eight.
/// </summary>
/// <param name="Level">Tiles of level n hold the tree's level 4n.</param>
/// <param name="Index">Dense from 0 in its level.</param>
public readonly record struct TreeTile(int Level, long Index)
{
    /// <summary>How many levels of the tree a tile spans.</summary>
    public const int Height = 4;

    /// <summary>How many hashes a full tile holds.</summary>
    public const int Width = 1 << Height;

    /// <summary>The tile a node is kept in, or made of.</summary>
    public static TreeTile Of(TreeNode node) =>
        new(node.Level / Height, node.Index << node.Level % Height >> Height);

    /// <summary>Where in its tile a hash is kept, if its level is one of those that are.</summary>
    public static int? PlaceOf(TreeNode node) => node.Level % Height == 0 ? (int)(node.Index % Width) : null;

    /// <summary>The hash of a node, out of its tile.</summary>
    /// <param name="hashes">The tile, hash by hash.</param>
    /// <param name="node">A complete subtree of the tree.</param>
    /// <exception cref="FormatException">The tile lacks it.</exception>
    public static byte[] Read(ReadOnlySpan<byte> hashes, TreeNode node)
    {
        var (above, count) = (node.Level % Height, 1 << node.Level % Height);
        var first = (int)((node.Index << above) % Width);
        if (hashes.Length < (first + count) * MerkleHash.Length) throw new FormatException("A tile of the log is too short.");
        return Fold(hashes.Slice(first * MerkleHash.Length, count * MerkleHash.Length));
    }

    private static byte[] Fold(ReadOnlySpan<byte> hashes)
    {
        if (hashes.Length == MerkleHash.Length) return hashes.ToArray();
        var half = hashes.Length / 2;
        return MerkleHash.OfNode(Fold(hashes[..half]), Fold(hashes[half..]));
    }
}
