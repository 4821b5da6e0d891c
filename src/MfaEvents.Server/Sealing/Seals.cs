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

    public SealedSeed Seal(string accountId, string principal, Guid deviceId, SecretKey key) =>
        new(deviceId, principal, Seed(accountId, principal, deviceId).Protect(key.ToBase32()));

    public SecretKey Open(string accountId, string principal, SealedSeed seed)
    {
        return SecretKey.FromBase32(Seed(accountId, principal, seed.Id).Unprotect(seed.Sealed));
    }

    public SealedContact Seal(string accountId, int version, ContactInformation contact)
    {
        var id = ContactId(version);
        return new SealedContact(id, Contact(accountId, id).Protect(JsonSerializer.Serialize(contact)));
    }

    public ContactInformation Open(string accountId, SealedContact contact)
    {
        return JsonSerializer.Deserialize<ContactInformation>(Contact(accountId, contact.Id).Unprotect(contact.Sealed))!;
    }

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

    /// <summary>Seals what only this product needs to read again, such as the key of a keyed hash.</summary>
    public string Seal(string purpose, byte[] secret) => keyRing.CreateProtector(purpose).Protect(Convert.ToBase64String(secret));

    public byte[] Open(string purpose, string sealedSecret) =>
        Convert.FromBase64String(keyRing.CreateProtector(purpose).Unprotect(sealedSecret));

    private IDataProtector Seed(string accountId, string principal, Guid deviceId) =>
        keyRing.CreateProtector("seed", accountId, principal, deviceId.ToString());

    private IDataProtector Contact(string accountId, string id) => keyRing.CreateProtector("contact", accountId, id);

    private IDataProtector Password(string accountId, string principal) =>
        keyRing.CreateProtector("password", accountId, principal);
}
