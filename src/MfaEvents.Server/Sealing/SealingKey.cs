using System.Security.Cryptography;
using System.Text;
using Marten;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Sealing;

/// <summary>
/// That a key of the ring is in use here, without its material: which keys the ring must hold for this database to be read.
/// </summary>
public sealed record SealingKey
{
    private static readonly ArraySegment<byte> Purpose = new(Encoding.UTF8.GetBytes("MfaEvents canary"));

    /// <summary>The key's id in the ring.</summary>
    public required Guid Id { get; init; }

    public required KeyState State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>The key's own id, sealed with it: whoever opens this holds the same key, and not only one of its name.</summary>
    public required string Canary { get; init; }

    public static SealingKey Of(Guid id, IAuthenticatedEncryptor encryptor, KeyState state, DateTimeOffset createdAt) => new()
    {
        Id = id,
        State = state,
        CreatedAt = createdAt,
        Canary = Convert.ToBase64String(encryptor.Encrypt(new ArraySegment<byte>(id.ToByteArray()), Purpose)),
    };

    /// <summary>Whether a key that calls itself so is this one.</summary>
    public bool IsOpenedBy(IAuthenticatedEncryptor encryptor)
    {
        try
        {
            var opened = encryptor.Decrypt(new ArraySegment<byte>(Convert.FromBase64String(Canary)), Purpose);
            return CryptographicOperations.FixedTimeEquals(opened, Id.ToByteArray());
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public static void Map(StoreOptions store) => store.Schema.For<SealingKey>().DatabaseSchemaName(EventStore.SealedSchema);
}
