using System.Net;
using System.Security.Claims;
using System.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;

namespace MfaEvents.ConsoleTests.Harness;

/// <summary>
/// An organisation's OpenID Connect issuer (OpenIddict), at another site than the console. Whoever comes to it says who they are and which
/// roles they have, and is believed.
/// </summary>
public sealed class TestIssuer : IAsyncDisposable
{
    public const string Client = "console";
    public const string Secret = "the console's secret at the issuer";
    public const string Audience = "mfa-events";

    private readonly WebApplication app;

    private TestIssuer(WebApplication app) => this.app = app;

    /// <summary>Its name, to the letter.</summary>
    public string Address { get; private set; } = null!;

    /// <summary>How the server is told of it.</summary>
    public Settings Settings => Settings.None
        .With("MfaEvents__Issuers__0__Issuer", Address)
        .With("MfaEvents__Issuers__0__Audience", Audience)
        .With("MfaEvents__Issuers__0__Roles__0", "auditor")
        .With("MfaEvents__Issuers__0__Roles__1", "support-agent")
        .With("MfaEvents__Issuers__0__AllowHttp", "true")
        .With("MfaEvents__Issuers__0__Console__Name", "Example Corp")
        .With("MfaEvents__Issuers__0__Console__ClientId", Client)
        .With("MfaEvents__Issuers__0__Console__ClientSecret", Secret)
        .With("MfaEvents__Issuers__0__Console__Scopes__0", "mfa");

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddOpenIddict().AddServer(Configure);
        var app = builder.Build();
        app.UseAuthentication();
        app.MapGet("/authorize", Authorize);
        await app.StartAsync();

        // Chromium takes localhost for another site than the 127.0.0.1 of the console.
        return new TestIssuer(app) { Address = $"http://localhost:{new Uri(app.Urls.First()).Port}/" };
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static void Configure(OpenIddictServerBuilder server)
    {
        server.EnableDegradedMode();
        server.SetAuthorizationEndpointUris("authorize").SetTokenEndpointUris("token");
        server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
        server.RegisterScopes("mfa");
        server.AddEphemeralEncryptionKey().AddEphemeralSigningKey().DisableAccessTokenEncryption();
        server.UseAspNetCore().DisableTransportSecurityRequirement().EnableAuthorizationEndpointPassthrough();
        server.AddEventHandler<OpenIddictServerEvents.ValidateAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
        {
            if (context.ClientId != Client || context.RedirectUri?.EndsWith("/console/staff/0/callback", StringComparison.Ordinal) != true)
                context.Reject(OpenIddictConstants.Errors.InvalidClient);
            return ValueTask.CompletedTask;
        }));
        server.AddEventHandler<OpenIddictServerEvents.ProcessSignInContext>(handler => handler
            .SetOrder(OpenIddictServerHandlers.PrepareAccessTokenPrincipal.Descriptor.Order - 1).UseInlineHandler(Pad));
        server.AddEventHandler<OpenIddictServerEvents.ValidateTokenRequestContext>(handler => handler.UseInlineHandler(context =>
        {
            if (context.ClientId != Client || context.ClientSecret != Secret) context.Reject(OpenIddictConstants.Errors.InvalidClient);
            return ValueTask.CompletedTask;
        }));
    }

    // The code is the whole of an identity here; a token may say more.
    private static ValueTask Pad(OpenIddictServerEvents.ProcessSignInContext context)
    {
        if (context.EndpointType == OpenIddictServerEndpointType.Token && context.Principal!.GetClaim("padding") is { } length)
        {
            context.Principal!.SetClaim("padding", new string('x', int.Parse(length)));
            context.Principal!.SetDestinations(_ => [OpenIddictConstants.Destinations.AccessToken]);
        }

        return ValueTask.CompletedTask;
    }

    private static IResult Authorize(HttpContext http)
    {
        var asked = http.Request.Query;
        if (asked.ContainsKey("deny"))
            return Results.Forbid(
                new AuthenticationProperties(new Dictionary<string, string?> { [OpenIddictServerAspNetCoreConstants.Properties.Error] = "access_denied" }),
                [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);
        if (asked["person"] is not [{ Length: > 0 } person])
        {
            var kept = string.Concat(asked.Select(item =>
                $"""<input type="hidden" name="{HttpUtility.HtmlAttributeEncode(item.Key)}" value="{HttpUtility.HtmlAttributeEncode(item.Value)}">"""));
            return Results.Content(
                $"""
                <!DOCTYPE html><html lang="en"><title>Example Corp</title><main><h1>Example Corp</h1><form action="/authorize">{kept}
                <label>Name <input name="person"></label><label>Roles <input name="roles"></label>
                <button>Go in</button><button name="deny" value="1">Stay out</button></form></main></html>
                """,
                "text/html");
        }

        var identity = new ClaimsIdentity("example", OpenIddictConstants.Claims.Subject, "roles");
        identity.AddClaim(new Claim(OpenIddictConstants.Claims.Subject, person));
        foreach (var role in asked["roles"].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries)) identity.AddClaim(new Claim("roles", role));
        if (asked["padding"] is [{ } length]) identity.AddClaim(new Claim("padding", length));
        identity.SetScopes("openid", "mfa");
        identity.SetResources(asked["aud"] is [{ } audience] ? audience : Audience);
        identity.SetDestinations(_ => [OpenIddictConstants.Destinations.AccessToken]);
        return Results.SignIn(new ClaimsPrincipal(identity), authenticationScheme: OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
    }
}
