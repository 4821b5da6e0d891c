using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Server.Sealing;

namespace MfaEvents.Server.Access;

/// <summary>Tokens for trying things out: their issuer and key are their own, and only Development trusts them.</summary>
public static class DevelopmentTokens
{
    public const string Issuer = "urn:mfaevents:development";

    public const string Audience = "mfaevents";

    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    /// <summary>The ES256 key in the data directory, mode 0600; made when it is not there yet.</summary>
    public static ECDsaSecurityKey Key(string dataDirectory)
    {
        var file = Path.Combine(KeyFolder.In(dataDirectory).FullName, "development-tokens.pem");
        PrivateFile.Make(file, () =>
        {
            using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return pair.ExportPkcs8PrivateKeyPem();
        });
        var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(File.ReadAllText(file));
        return new ECDsaSecurityKey(ecdsa) { KeyId = "development" };
    }

    public static string Mint(string dataDirectory, DevelopmentTokenRequest request, DateTimeOffset now)
    {
        var claims = new Dictionary<string, object>
        {
            [ClaimNames.Subject] = request.Subject,
            [ClaimNames.Roles] = request.Roles.ToArray(),
            [ClaimNames.AuthenticationMethods] = request.AuthenticationMethods.ToArray(),
            [ClaimNames.AuthenticatedAt] = (now - request.AuthenticationAge).ToUnixTimeSeconds(),
        };
        if (request.Accounts.Count > 0) claims[ClaimNames.Account] = request.Accounts.ToArray();
        if (request.Principal is not null) claims[ClaimNames.Principal] = request.Principal;

        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + Lifetime).UtcDateTime,
            Claims = claims,
            SigningCredentials = new SigningCredentials(Key(dataDirectory), SecurityAlgorithms.EcdsaSha256),
        });
    }
}
