using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MfaEvents.Core.Audit;

/// <summary>A text and who signed it, as C2SP's signed-note writes it.</summary>
/// <param name="Text">What is signed; it ends with a line feed.</param>
/// <param name="Signatures">The signatures.</param>
public sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    private const string Dash = "\u2014 ";

    public override string ToString() => Text + "\n" + string.Concat(Signatures.Select(signature =>
        $"{Dash}{signature.KeyName} {Convert.ToBase64String([.. NoteKey.Written(signature.KeyHash), .. signature.Signature])}\n"));

    /// <summary>Reads a note; null when it is none.</summary>
    public static SignedNote? Parse(string note)
    {
        var split = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || !note.EndsWith('\n')) return null;
        var signatures = new List<NoteSignature>();
        foreach (var line in note[(split + 2)..^1].Split('\n'))
        {
            if (!line.StartsWith(Dash, StringComparison.Ordinal)) return null;
            if (line[Dash.Length..].Split(' ') is not [var name, var base64]) return null;
            var bytes = new byte[base64.Length];
            if (!Convert.TryFromBase64String(base64, bytes, out var length) || length <= 4) return null;
            signatures.Add(new NoteSignature(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[4..length]));
        }

        return signatures.Count == 0 ? null : new SignedNote(note[..(split + 1)], signatures);
    }
}

/// <summary>One signature of a note.</summary>
/// <param name="KeyName">What the key is called.</param>
/// <param name="KeyHash">Which key of that name.</param>
/// <param name="Signature">Of Ed25519, 64 bytes.</param>
public sealed record NoteSignature(string KeyName, uint KeyHash, byte[] Signature);

/// <summary>A public Ed25519 key that verifies notes, as C2SP's signed-note writes it.</summary>
/// <param name="Name">What it is called: neither blanks nor plus signs.</param>
/// <param name="PublicKey">32 bytes.</param>
public sealed record NoteKey(string Name, byte[] PublicKey)
{
    private const byte Ed25519 = 1;

    /// <summary>The first four bytes of SHA-256 over name, line feed, algorithm and key, big-endian.</summary>
    public uint Hash => BinaryPrimitives.ReadUInt32BigEndian(
        SHA256.HashData([.. Encoding.UTF8.GetBytes(Name), (byte)'\n', Ed25519, .. PublicKey]));

    /// <summary>The name, the hash and the key with its algorithm.</summary>
    public override string ToString() => $"{Name}+{Hash:x8}+{Convert.ToBase64String([Ed25519, .. PublicKey])}";

    /// <summary>Reads a verifier key; null when it is none.</summary>
    public static NoteKey? Parse(string text)
    {
        if (text.Trim().Split('+', 3) is not [{ Length: > 0 } name, { Length: 8 } hash, var base64]) return null;
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length) || length != 33 || bytes[0] != Ed25519) return null;
        var key = new NoteKey(name, bytes[1..length]);
        return uint.TryParse(hash, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) && number == key.Hash
            ? key
            : null;
    }

    internal static byte[] Written(uint hash)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, hash);
        return bytes;
    }
}
