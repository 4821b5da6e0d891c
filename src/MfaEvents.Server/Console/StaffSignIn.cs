using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using MfaEvents.Server.Access;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Console;

/// <summary>
/// Staff sign in where the organisation says who they are: OpenID Connect's authorization code flow with PKCE, state and nonce. What comes
/// of it is an access token for the API, which the API's own schemes have to believe; the console keeps that and nothing else.
/// </summary>
public static partial class StaffSignIn
{
    /// <summary>The longest that an issuer may take to answer this product.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The longest access token, in characters, that leaves room in the headers of a request for everything else.</summary>
    private const int MostToken = 8 * 1024;

    /// <summary>Where a sign-in at the issuer begins.</summary>
    public static string Start(int issuer) => $"/console/staff/{issuer}";

    /// <summary>Where the issuer sends the browser back to: what is registered there as redirect URI, behind the public address.</summary>
    public static string Callback(int issuer) => $"/console/staff/{issuer}/callback";

    /// <summary>The issuers at which staff can sign in, with their places among the configured ones.</summary>
    public static IEnumerable<(int Index, TrustedIssuer Issuer)> Offered(MfaEventsSettings settings) =>
        settings.Issuers.Index().Where(issuer => issuer.Item.Console is not null);

    public static void AddStaffSignIn(this WebApplicationBuilder builder, MfaEventsSettings settings)
    {
        var authentication = new AuthenticationBuilder(builder.Services);
        foreach (var (index, issuer) in Offered(settings))
            authentication.AddOpenIdConnect(
                SchemeOf(index), oidc => Configure(oidc, index, issuer, settings, builder.Environment.IsDevelopment()));
    }

    public static void MapStaffSignIn(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/console/staff/{index:int}", async (
            int index, HttpContext http, MfaEventsSettings settings, ILogger<ConsoleSession> logger) =>
        {
            if (Offered(settings).All(offered => offered.Index != index)) return Results.Redirect("/console/staff");
            try
            {
                await http.ChallengeAsync(SchemeOf(index));
                return Results.Empty;
            }
            catch (Exception exception) when (exception is InvalidOperationException or HttpRequestException or OpenIdConnectProtocolException)
            {
                // Its discovery document cannot be read, or it takes no pushed request.
                LogSilent(logger, settings.Issuers[index].Issuer, exception.GetType().Name);
                return Results.Redirect("/console/staff?silent=true");
            }
        }).AllowAnonymous().WithMetadata(new PerAddressAttribute()).ExcludeFromDescription();

    /// <summary>Whether somebody comes back from an issuer, which is asked about whatever code they bring.</summary>
    public static bool IsWayBack(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/console/staff", out var rest) && rest.Value!.EndsWith("/callback", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether this request brought somebody who is signed in now.</summary>
    public static bool HasSignedIn(this HttpContext http) => http.Features.Get<SignedIn>() is not null;

    private static string SchemeOf(int index) => $"console {index}";

    private static void Configure(OpenIdConnectOptions oidc, int index, TrustedIssuer issuer, MfaEventsSettings settings, bool isDevelopment)
    {
        var client = issuer.Console!;
        (oidc.Authority, oidc.ClientId, oidc.ClientSecret) = (issuer.Issuer, client.ClientId, client.ClientSecret);
        (oidc.CallbackPath, oidc.Resource) = (Callback(index), client.Resource);
        oidc.RequireHttpsMetadata = !issuer.AllowHttp;
        oidc.BackchannelTimeout = Patience;

        // RFC 9700, 2.1.1: the code flow with PKCE, and no token in an address.
        oidc.ResponseType = OpenIdConnectResponseType.Code;
        oidc.ResponseMode = OpenIdConnectResponseMode.Query;
        oidc.UsePkce = true;
        oidc.Scope.Clear();
        foreach (var scope in client.Scopes.Prepend("openid").Distinct(StringComparer.Ordinal)) oidc.Scope.Add(scope);

        oidc.MapInboundClaims = false;
        oidc.DisableTelemetry = true;
        oidc.TokenValidationParameters.ValidIssuer = issuer.Issuer;
        oidc.TokenValidationParameters.ValidAlgorithms = Authentication.Asymmetric;
        oidc.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(30);

        // The issuer sends the browser back by a link: Strict would keep these two at home.
        foreach (var (cookie, name) in ((CookieBuilder, string)[])[(oidc.CorrelationCookie, "staff-state."), (oidc.NonceCookie, "staff-nonce.")])
        {
            cookie.Name = isDevelopment ? name : $"__Host-{name}";
            cookie.SecurePolicy = isDevelopment ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;
            (cookie.SameSite, cookie.HttpOnly, cookie.Path) = (SameSiteMode.Lax, true, "/");
        }

        oidc.Events = new OpenIdConnectEvents
        {
            OnRedirectToIdentityProvider = context =>
            {
                if (!isDevelopment) context.ProtocolMessage.RedirectUri = settings.PublicUrl.ToString().TrimEnd('/') + Callback(index);
                return Task.CompletedTask;
            },
            OnTokenResponseReceived = context =>
            {
                context.HttpContext.Features.Set(new Received(context.TokenEndpointResponse.AccessToken));
                return Task.CompletedTask;
            },
            OnTicketReceived = context => SignInAsync(context, issuer),
            OnAccessDenied = context => Refuse(context, issuer, "access_denied"),
            OnRemoteFailure = context => Refuse(context, issuer, context.Failure?.GetType().Name ?? "nothing"),
        };
    }

    private static async Task SignInAsync(TicketReceivedContext context, TrustedIssuer issuer)
    {
        var services = context.HttpContext.RequestServices;
        var token = context.HttpContext.Features.Get<Received>()?.AccessToken;
        if (token?.Length > MostToken)
        {
            await Refuse(context, issuer, "its access token is too long for the cookies of a browser");
            return;
        }

        if (string.IsNullOrEmpty(token) || !await services.GetRequiredService<StaffTokens>().IsStaffAsync(token))
        {
            await Refuse(context, issuer, "a token that says of nobody that they are staff here");
            return;
        }

        services.GetRequiredService<ConsoleSession>().SignIn(token);
        context.HttpContext.Features.Set(new SignedIn());
        context.SkipHandler();
    }

    // The page at the callback tells what came of it: nothing that the browser brought along is written anywhere.
    private static Task Refuse(HandleRequestContext<RemoteAuthenticationOptions> context, TrustedIssuer issuer, string cause)
    {
        LogRefused(context.HttpContext.RequestServices.GetRequiredService<ILogger<ConsoleSession>>(), issuer.Issuer, cause);
        context.SkipHandler();
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nobody was signed in to the console through {Issuer}: {Cause}")]
    private static partial void LogRefused(ILogger logger, string issuer, string cause);

    [LoggerMessage(Level = LogLevel.Error, Message = "Staff cannot sign in through {Issuer}, which does not answer as it should: {Cause}")]
    private static partial void LogSilent(ILogger logger, string issuer, string cause);

    private sealed record Received(string? AccessToken);

    private sealed record SignedIn;
}
