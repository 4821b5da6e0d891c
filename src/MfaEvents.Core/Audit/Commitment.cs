using System.Buffers;
using System.Security.Cryptography;

namespace MfaEvents.Core.Audit;

/// <summary>
/// Commits to personal data that lie apart from what is logged: one digest per field, SHA-256 over its salt and the RFC 8785 JSON of
/// its value, one behind the other. Whoever erases a field erases its salt with it; the digest stays, and without the salt nobody can try
/// values against it.
/// </summary>
public static class Commitment
{
    /// <summary>Bytes of a salt, of which each field of each event has its own.</summary>
    public const int SaltLength = 16;

    /// <summary>The digests of the fields, in base64.</summary>
    public static string To(params ReadOnlySpan<Committed> fields)
    {
        Span<byte> digests = stackalloc byte[fields.Length * SHA256.HashSizeInBytes];
        for (var i = 0; i < fields.Length; i++) fields[i].Digest(digests[(i * SHA256.HashSizeInBytes)..]);
        return Convert.ToBase64String(digests);
    }

    /// <summary>Whether this is what a commitment holds of one of its fields.</summary>
    /// <param name="commitment">The commitment, in base64.</param>
    /// <param name="index">Which of its fields.</param>
    /// <param name="field">What is said to be there.</param>
    public static bool Holds(string commitment, int index, Committed field)
    {
        const int most = 8 * SHA256.HashSizeInBytes;
        Span<byte> digests = stackalloc byte[most];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        if (!Convert.TryFromBase64String(commitment, digests, out var length) || length < (index + 1) * SHA256.HashSizeInBytes) return false;
        return field.Digest(digest) && digest.SequenceEqual(digests.Slice(index * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes));
    }
}

/// <summary>A field that is committed to.</summary>
/// <param name="Salt">In base64.</param>
/// <param name="Values">Its value, or the values that it has in an order that stays; any of them may be missing.</param>
public readonly record struct Committed(string Salt, params string?[] Values)
{
    /// <summary>Writes the digest; false when the salt is none.</summary>
    public bool Digest(Span<byte> digest)
    {
        Span<byte> salt = stackalloc byte[Commitment.SaltLength];
        if (!Convert.TryFromBase64String(Salt, salt, out var length) || length != Commitment.SaltLength) return false;
        var committed = new ArrayBufferWriter<byte>(128);
        committed.Write(salt);
        if (Values is [var only])
        {
            CanonicalJson.WriteText(committed, only);
        }
        else
        {
            for (var i = 0; i < Values.Length; i++)
            {
                committed.Write(i == 0 ? "["u8 : ","u8);
                CanonicalJson.WriteText(committed, Values[i]);
            }

            committed.Write("]"u8);
        }

        SHA256.HashData(committed.WrittenSpan, digest);
        return true;
    }

    public override string ToString() => "***";
}
