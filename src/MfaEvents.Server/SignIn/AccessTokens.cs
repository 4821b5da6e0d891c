using System.Text.Json.Serialization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.SignIn;

/// <summary>An access token as it is answered (RFC 6749 5.1).</summary>
/// <param name="Value">The token.</param>
/// <param name="TokenType">Always <c>Bearer</c>.</param>
/// <param name="ExpiresIn">For how many seconds it is good.</param>
public sealed record AccessToken(
    [property: JsonPropertyName("accessToken")] string Value, string TokenType, int ExpiresIn)
{
    public override string ToString() => "***";
}

/// <summary>Signs access tokens of our own: ES256, tied to a session (RFC 9068).</summary>
public sealed class AccessTokens(TokenKeys keys, MfaEventsSettings settings, TimeProvider clock)
{
    public const string Audience = "mfaevents";

    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>Who issues them: the address that the world reaches this product at.</summary>
    public static string IssuerOf(MfaEventsSettings settings) => settings.PublicUrl.AbsoluteUri.TrimEnd('/');

    /// <summary>A token for a session. It says when its principal signed in, however often it is renewed.</summary>
    public async Task<AccessToken> IssueAsync(string accountId, Session session, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var lifetime = settings.SignIn.TokenLifetime;
        var token = Handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = "at+jwt",
            Issuer = IssuerOf(settings),
            Audience = Audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + lifetime).UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                [ClaimNames.Subject] = Arn.OfPrincipal(accountId, session.Principal),
                [ClaimNames.Account] = accountId,
                [ClaimNames.Principal] = session.Principal,
                [ClaimNames.Session] = session.Id.ToString(),
                [ClaimNames.AuthenticationMethods] = session.AuthenticationMethods.ToArray(),
                [ClaimNames.AuthenticatedAt] = session.StartedAt.ToUnixTimeSeconds(),
                [ClaimNames.Roles] = (string[])[RoleNames.Owner],
                [JwtRegisteredClaimNames.Jti] = Guid.CreateVersion7(now).ToString(),
            },
            SigningCredentials = await keys.SigningAsync(cancellation),
        });
        return new AccessToken(token, "Bearer", (int)lifetime.TotalSeconds);
    }
}
