using Microsoft.AspNetCore.Authorization;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;

namespace MfaEvents.Server.SignIn;

/// <summary>A JSON Web Key Set (RFC 7517 5).</summary>
public sealed record TokenKeySet(IReadOnlyList<TokenKeyView> Keys);

/// <summary>One public key: P-256, for ES256 signatures.</summary>
public sealed record TokenKeyView(string Kty, string Crv, string X, string Y, string Kid, string Use, string Alg)
{
    public static TokenKeyView Of(JsonWebKey key) => new(key.Kty, key.Crv, key.X, key.Y, key.Kid, key.Use, key.Alg);
}

/// <summary>The public keys that verify our access tokens.</summary>
public static class ReadTokenKeysEndpoint
{
    [WolverineGet("/.well-known/jwks.json"), NotTenanted, AllowAnonymous]
    [Answers(200, typeof(TokenKeySet))]
    public static async Task<Answer> Get(TokenKeys keys, CancellationToken cancellation) =>
        Answer.Ok(new TokenKeySet([.. (await keys.PublicAsync(cancellation)).Select(TokenKeyView.Of)]));
}
