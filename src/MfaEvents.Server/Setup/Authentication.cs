using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Setup;

public static class Authentication
{
    /// <summary>Bearer tokens (RFC 6750), ES256. The gate answers for missing and wrong ones.</summary>
    public static void AddBearerTokens(this IServiceCollection services, IHostEnvironment environment, MfaEventsSettings settings)
    {
        var bearer = services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme);
        bearer.AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.TokenValidationParameters = new TokenValidationParameters
            {
                ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
                ValidAudience = DevelopmentTokens.Audience,
                ClockSkew = TimeSpan.FromSeconds(5),
                ValidIssuers = environment.IsDevelopment() ? [DevelopmentTokens.Issuer] : [],
                IssuerSigningKeys = environment.IsDevelopment() ? [DevelopmentTokens.Key(settings.DataDirectory)] : [],
            };
        });
    }
}
