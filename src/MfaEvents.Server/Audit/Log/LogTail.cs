using MfaEvents.Core.Audit;

namespace MfaEvents.Server.Audit.Log;

/// <summary>The growing end of an account's log: its size and the last tile of each level.</summary>
public sealed class LogTail
{
    private readonly Dictionary<TreeTile, byte[]> tiles;
    private readonly HashSet<TreeTile> changed = [];
    private readonly TreeFrontier frontier;

    /// <param name="size">How many leaves there are.</param>
    /// <param name="tiles">The last tile of each level, where it is not full.</param>
    public LogTail(long size, Dictionary<TreeTile, byte[]> tiles)
    {
        this.tiles = tiles;
        frontier = new TreeFrontier(size, node => TreeTile.Read(tiles[TreeTile.Of(node)], node));
    }

    /// <summary>How many leaves there are.</summary>
    public long Size => frontier.Size;

    /// <summary>The tiles to write, as they are after all that was appended.</summary>
    public IEnumerable<(TreeTile Tile, byte[] Hashes)> Changed => changed.Select(tile => (tile, tiles[tile]));

    /// <summary>Adds a leaf.</summary>
    public void Append(byte[] leafHash) => frontier.Append(leafHash, Keep);

    private void Keep(TreeNode node, byte[] hash)
    {
        if (TreeTile.PlaceOf(node) is not { } place) return;
        var tile = TreeTile.Of(node);
        tiles[tile] = [.. tiles.GetValueOrDefault(tile, []).AsSpan(0, place * MerkleHash.Length), .. hash];
        changed.Add(tile);
    }
}
