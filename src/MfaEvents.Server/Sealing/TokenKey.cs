using Marten;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Sealing;

/// <summary>A key pair (ES256, RFC 7518 3.4) for the product's own access tokens, the same on all nodes of a database.</summary>
public sealed record TokenKey
{
    /// <summary>The JWK thumbprint (RFC 7638) of the public part.</summary>
    public required string Id { get; init; }

    public required string X { get; init; }

    public required string Y { get; init; }

    /// <summary>The private part (PKCS #8) under the key ring; null once the key is retired.</summary>
    public string? SealedPrivateKey { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required KeyState State { get; init; }

    /// <summary>Whether new tokens are signed with it: one key does; its successor is published before it takes over.</summary>
    public required bool Signs { get; init; }

    /// <summary>When the last token that it signed has expired; null while it signs or has not begun to.</summary>
    public DateTimeOffset? VerifiesUntil { get; init; }

    /// <summary>The public part as it is published (RFC 7517).</summary>
    public JsonWebKey Public() => new()
    {
        Kid = Id,
        Kty = JsonWebAlgorithmsKeyTypes.EllipticCurve,
        Crv = JsonWebKeyECTypes.P256,
        X = X,
        Y = Y,
        Use = JsonWebKeyUseNames.Sig,
        Alg = SecurityAlgorithms.EcdsaSha256,
    };

    public bool Verifies(DateTimeOffset now) => State != KeyState.Retired && (VerifiesUntil is null || now < VerifiesUntil);

    public static void Map(StoreOptions store) => store.Schema.For<TokenKey>().DatabaseSchemaName(EventStore.SealedSchema);

    public override string ToString() => $"token key {Id}";
}
