using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Server.Access;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.SignIn;

namespace MfaEvents.Server.Setup;

/// <summary>
/// Bearer tokens (RFC 6750): each issuer is a scheme of its own with its own keys, chosen by the token's <c>iss</c>.
/// </summary>
public static class Authentication
{
    private const string ByIssuer = "by-issuer";

    /// <summary>How far in the future one of our tokens may begin, by the clock of the node that signed it.</summary>
    private static readonly TimeSpan OwnClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>The algorithms of other issuers: a secret that is shared would let either of us write the other's tokens.</summary>
    internal static readonly string[] Asymmetric =
    [
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
    ];

    public static void AddBearerTokens(this WebApplicationBuilder builder, MfaEventsSettings settings)
    {
        var schemes = settings.Issuers.Select(issuer => issuer.Issuer).ToHashSet(StringComparer.Ordinal);
        var authentication = builder.Services.AddAuthentication(ByIssuer);
        builder.Services.ConfigureAll<JwtBearerOptions>(bearer =>
        {
            bearer.TokenHandlers.Clear();
            bearer.TokenHandlers.Add(new RememberingTokenHandler(TimeProvider.System));
        });
        foreach (var issuer in settings.Issuers) authentication.AddJwtBearer(issuer.Issuer, bearer => Trust(bearer, issuer));

        var own = AccessTokens.IssuerOf(settings);
        schemes.Add(own);
        authentication.AddJwtBearer(own);
        builder.Services.AddOptions<JwtBearerOptions>(own)
            .Configure<TokenKeys, TimeProvider>((bearer, keys, clock) => TrustOurselves(bearer, own, keys, clock));

        // The tokens of ops/token: Development trusts them, and nothing else does.
        if (builder.Environment.IsDevelopment())
        {
            schemes.Add(DevelopmentTokens.Issuer);
            authentication.AddJwtBearer(DevelopmentTokens.Issuer, bearer => TrustDevelopment(bearer, settings.DataDirectory));
        }

        authentication.AddPolicyScheme(
            ByIssuer, null, policy => policy.ForwardDefaultSelector = http => SchemeOf(http.Request, schemes));
        authentication.AddScheme<NobodyOptions, Nobody>(Nobody.Scheme, null);
    }

    // The session that a token names is checked by the gate.
    private static void TrustOurselves(JwtBearerOptions bearer, string issuer, TokenKeys keys, TimeProvider clock)
    {
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidTypes = ["at+jwt"],
            ValidIssuer = issuer,
            ValidAudience = AccessTokens.Audience,
            IssuerSigningKeyResolver = (_, _, kid, _) => keys.Find(kid),
            LifetimeValidator = (notBefore, expires, _, _) =>
                expires is { } end && clock.GetUtcNow() is var now && now < end && now > notBefore - OwnClockSkew,
        };
    }

    private static void TrustDevelopment(JwtBearerOptions bearer, string dataDirectory)
    {
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidIssuer = DevelopmentTokens.Issuer,
            ValidAudience = DevelopmentTokens.Audience,
            ClockSkew = TimeSpan.FromSeconds(5),
            IssuerSigningKey = DevelopmentTokens.Key(dataDirectory),
        };
    }

    private static void Trust(JwtBearerOptions bearer, TrustedIssuer issuer)
    {
        bearer.Authority = issuer.Issuer;
        bearer.RequireHttpsMetadata = !issuer.AllowHttp;
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAlgorithms = Asymmetric,
            ValidIssuer = issuer.Issuer,
            ValidAudience = issuer.Audience,
            ClockSkew = TimeSpan.FromSeconds(30),
        };
        bearer.Events = new JwtBearerEvents
        {
            OnTokenValidated = context =>
            {
                if (issuer.Restrict(context.Principal!) is { } identity) context.Principal = new ClaimsPrincipal(identity);
                else context.Fail("The token claims an account that its issuer may not name.");
                return Task.CompletedTask;
            },
        };
    }

    // Read before it is verified, and only to choose whose keys must verify it.
    private static string SchemeOf(HttpRequest request, HashSet<string> schemes)
    {
        const string prefix = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) return Nobody.Scheme;
        try
        {
            var issuer = new JsonWebToken(header[prefix.Length..].Trim()).Issuer;
            return schemes.Contains(issuer) ? issuer : Nobody.Scheme;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or SecurityTokenMalformedException)
        {
            return Nobody.Scheme;
        }
    }
}
