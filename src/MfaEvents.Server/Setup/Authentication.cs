using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Setup;

public static class Authentication
{
    /// <summary>Bearer tokens (RFC 6750), ES256. Development trusts those of <c>ops/token</c>; nothing else does.</summary>
    public static void AddBearerTokens(this WebApplicationBuilder builder, MfaEventsSettings settings)
    {
        var development = builder.Environment.IsDevelopment();
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(bearer =>
        {
            bearer.MapInboundClaims = false;
            bearer.TokenValidationParameters = new TokenValidationParameters
            {
                ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
                ValidAudience = DevelopmentTokens.Audience,
                ClockSkew = TimeSpan.FromSeconds(5),
                ValidIssuers = development ? [DevelopmentTokens.Issuer] : [],
                IssuerSigningKeys = development ? [DevelopmentTokens.Key(settings.DataDirectory)] : [],
            };
        });
    }
}
