using System.Globalization;

namespace MfaEvents.Core.Audit;

/// <summary>A tree head as C2SP's tlog-checkpoint writes it: the text of a signed note.</summary>
/// <param name="Origin">Which log.</param>
/// <param name="Size">How many leaves.</param>
/// <param name="Root">The tree's hash.</param>
public sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    /// <summary>What is signed: three lines.</summary>
    public override string ToString() =>
        $"{Origin}\n{Size.ToString(CultureInfo.InvariantCulture)}\n{Convert.ToBase64String(Root)}\n";

    /// <summary>Reads the text of a note; null when it is no checkpoint.</summary>
    public static Checkpoint? Parse(string text)
    {
        var lines = text.Split('\n');
        if (lines.Length < 4 || lines[0].Length == 0 || lines[^1].Length > 0) return null;
        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)) return null;
        if (size.ToString(CultureInfo.InvariantCulture) != lines[1]) return null;
        var root = new byte[MerkleHash.Length];
        if (!Convert.TryFromBase64String(lines[2], root, out var length) || length != root.Length) return null;
        return new Checkpoint(lines[0], size, root);
    }
}
