using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Console;
using MfaEvents.Server.Devices;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Operations;
using Microsoft.AspNetCore.Authorization;
using Scalar.AspNetCore;
using Wolverine.Http;

namespace MfaEvents.Server.Setup;

public static class HttpSetup
{
    // The API page, which Development alone has, carries its settings as a script and writes its own styles.
    private const string PagePolicy = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        + "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'";

    public static void AddHttp(this WebApplicationBuilder builder, MfaEventsSettings settings)
    {
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<RememberedAnswers>();
        builder.Services.AddSingleton<IShowAgain, DeviceSecretAgain>();
        builder.Services.AddSingleton<Turnstile>();
        builder.Services.AddWolverineHttp();
        builder.Services.ConfigureSystemTextJsonForWolverineOrMinimalApi(json => Json.Configure(json.SerializerOptions));
        builder.Services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
        builder.Services.AddOpenApi("v1", ApiDescription.Configure);
        builder.Services.AddOutputCache();
        builder.AddHealth();
        builder.AddEdge(settings);
    }

    /// <summary>
    /// The order in which a request passes through: edge, faults caught, route found, caller known, gate, one command of a
    /// principal at a time, endpoint.
    /// </summary>
    public static void UseHttp(this WebApplication app)
    {
        app.UseEdge();
        app.UseInsidePipeline();
        app.UseMiddleware<Faults>((Func<HttpContext, Problem, Task>)Refusals.TellAsync);
        app.UseStatusCodePages(context => BareAnswers.ExplainAsync(context.HttpContext, Refusals.TellAsync));
        app.UseTlsForConsole();
        app.UseRouting();
        app.UseRequestTimeouts();
        app.UsePerAddressLimit(StaffSignIn.IsWayBack);
        app.UseAuthentication();
        app.UsePerAddressLimit();
        app.UseMiddleware<CountedWaits>();
        app.UseMiddleware<Gate>();
        app.UseMiddleware<OneByOne>();
        app.UseOutputCache();
        app.UseAntiforgery();

        app.MapWolverineEndpoints(http =>
        {
            http.TenantId.IsRouteArgumentNamed("accountId");
            http.TenantId.AssertExists();
            http.ConfigureEndpoints(Gate.AssertGuarded);
            http.ConfigureEndpoints(RequestBodyMetadata.Apply);
            PasswordHashing.Apply(http);
            http.AddParameterHandlingStrategy<CallerStrategy>();
            http.AddMiddleware(typeof(RequestOrigin), chain => !chain.HttpMethods.Contains("GET") && HasSessionOfItsOwn(chain));
            http.AddMiddleware(typeof(Idempotency), chain => chain.HttpMethods.Contains("POST") && HasSessionOfItsOwn(chain));
        });

        app.MapConsole();
        app.MapHealth();
        app.MapOpenApi().AllowAnonymous()
            .CacheOutput(description => description.SetVaryByHost(false).SetVaryByQuery([]).Expire(TimeSpan.FromDays(1)));
        if (!app.Environment.IsDevelopment()) return;
        app.MapDevelopmentPhone();
        app.MapScalarApiReference("/api", ShowOurselvesOnly).AllowAnonymous()
            .WithMetadata(new ContentSecurityPolicyAttribute(PagePolicy));
    }

    // Sign-ins know their account only after they have begun, and open its session themselves; they are not remembered.
    private static bool HasSessionOfItsOwn(HttpChain chain) =>
        !chain.Method.Method.IsDefined(typeof(AllowAnonymousAttribute), false)
        && !chain.Method.Method.IsDefined(typeof(NeverRememberedAttribute), false);

    // The page is for trying the API out here: it calls nobody else.
    private static void ShowOurselvesOnly(ScalarOptions page) => page
        .WithTitle("MfaEvents").DisableDefaultFonts().DisableTelemetry().DisableAgent().HideDeveloperTools().HideClientButton();
}
