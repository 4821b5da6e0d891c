using System.Text;
using MfaEvents.Core.Audit;
using NSec.Cryptography;

namespace MfaEvents.Server.Audit.Log;

/// <summary>Ed25519 over the text of a signed note.</summary>
public static class NoteSignatures
{
    /// <summary>The text of a note that the key signed; null when it did not.</summary>
    public static string? Open(string note, NoteKey key)
    {
        if (SignedNote.Parse(note) is not { } parsed) return null;
        if (!PublicKey.TryImport(SignatureAlgorithm.Ed25519, key.PublicKey, KeyBlobFormat.RawPublicKey, out var verifier)) return null;
        var text = Encoding.UTF8.GetBytes(parsed.Text);
        return parsed.Signatures.Any(signature =>
            signature.KeyName == key.Name && signature.KeyHash == key.Hash
            && SignatureAlgorithm.Ed25519.Verify(verifier!, text, signature.Signature))
            ? parsed.Text
            : null;
    }
}
