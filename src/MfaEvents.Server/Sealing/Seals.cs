using System.Security.Cryptography;
using System.Text.Json;
using MfaEvents.Core.Devices.Totp;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;

namespace MfaEvents.Server.Sealing;

/// <summary>
/// Seals and opens secrets with the key ring, which lies outside the database. Whom a secret belongs to is in its purpose, so
/// that a row copied to another account, principal or device does not open there.
/// </summary>
public sealed class Seals(IDataProtectionProvider keyRing)
{
    private static readonly PasswordHasher<string> Passwords = new();

    private static readonly string NobodysHash =
        Passwords.HashPassword("", Convert.ToHexString(RandomNumberGenerator.GetBytes(16)));

    public SealedSeed Seal(string accountId, string principal, Guid deviceId, SecretKey key) =>
        new(deviceId, principal, Seed(accountId, principal, deviceId).Protect(key.ToBase32()));

    public SecretKey Open(string accountId, string principal, SealedSeed seed)
    {
        return SecretKey.FromBase32(Seed(accountId, principal, seed.Id).Unprotect(seed.Sealed));
    }

    public SealedContact Seal(string accountId, int version, ContactInformation contact)
    {
        var id = ContactId(version);
        return new SealedContact(id, SealContact(accountId, id, contact));
    }

    /// <summary>Seals what is left of a version.</summary>
    public string SealContact(string accountId, string id, ContactInformation contact) =>
        Contact(accountId, id).Protect(JsonSerializer.Serialize(contact));

    public ContactInformation Open(string accountId, SealedContact contact)
    {
        return JsonSerializer.Deserialize<ContactInformation>(Contact(accountId, contact.Id).Unprotect(contact.Sealed))!;
    }

    public SealedNote SealNote(string accountId, Guid noteId, string text) =>
        new(noteId, Note(accountId, noteId).Protect(text));

    public string OpenNote(string accountId, SealedNote note) => Note(accountId, note.Id).Unprotect(note.Sealed);

    public static string ContactId(int version) => $"v{version}";

    /// <summary>Hashes and seals a password. Slow by intention: never inside a transaction.</summary>
    public SealedPassword SealPassword(string accountId, string principal, string password) =>
        new(principal, Password(accountId, principal).Protect(Passwords.HashPassword(principal, password)));

    /// <summary>Whether this is the password. As slow as sealing one.</summary>
    public bool IsPassword(SealedPassword stored, string accountId, string principal, string password)
    {
        var hash = Password(accountId, principal).Unprotect(stored.Sealed);
        return Passwords.VerifyHashedPassword(principal, hash, password) != PasswordVerificationResult.Failed;
    }

    /// <summary>Compares the password with one of nobody, for the time that it takes.</summary>
    public static void CompareInVain(string password) => Passwords.VerifyHashedPassword("", NobodysHash, password);

    /// <summary>Seals what only this product needs to read again, such as the key of a keyed hash.</summary>
    public string Seal(string purpose, byte[] secret) => keyRing.CreateProtector(purpose).Protect(Convert.ToBase64String(secret));

    public byte[] Open(string purpose, string sealedSecret) =>
        Convert.FromBase64String(keyRing.CreateProtector(purpose).Unprotect(sealedSecret));

    /// <summary>Seals the password of a message anew, which may have waited while its key was retired.</summary>
    public SealedPassword Anew(string accountId, SealedPassword password) =>
        password with { Sealed = Anew(password.Sealed, PasswordPurposes(accountId, password.Id)) };

    /// <summary>The same secret under the key that is active now.</summary>
    /// <exception cref="CryptographicException">It does not open for these purposes.</exception>
    public string Anew(string sealedSecret, params string[] purposes)
    {
        var protector = keyRing.CreateProtector(purposes);
        return protector.Protect(protector.Unprotect(sealedSecret));
    }

    public static string[] SeedPurposes(string accountId, string principal, string deviceId) =>
        ["seed", accountId, principal, deviceId];

    public static string[] ContactPurposes(string accountId, string id) => ["contact", accountId, id];

    public static string[] PasswordPurposes(string accountId, string principal) => ["password", accountId, principal];

    public static string[] NotePurposes(string accountId, string noteId) => ["note", accountId, noteId];

    private IDataProtector Seed(string accountId, string principal, Guid deviceId) =>
        keyRing.CreateProtector(SeedPurposes(accountId, principal, deviceId.ToString()));

    private IDataProtector Contact(string accountId, string id) => keyRing.CreateProtector(ContactPurposes(accountId, id));

    private IDataProtector Note(string accountId, Guid noteId) =>
        keyRing.CreateProtector(NotePurposes(accountId, noteId.ToString()));

    private IDataProtector Password(string accountId, string principal) =>
        keyRing.CreateProtector(PasswordPurposes(accountId, principal));
}
