using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Http;
using Scalar.AspNetCore;
using Wolverine.Http;

namespace MfaEvents.Server.Setup;

public static class HttpSetup
{
    public static void AddHttp(this WebApplicationBuilder builder, MfaEventsSettings settings)
    {
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<RememberedAnswers>();
        builder.Services.AddWolverineHttp();
        builder.Services.ConfigureSystemTextJsonForWolverineOrMinimalApi(json => Json.Configure(json.SerializerOptions));
        builder.Services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
        builder.Services.AddOpenApi("v1", ApiDescription.Configure);
        builder.AddHealth();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestBody.Limit;
        });
    }

    /// <summary>The order in which a request passes through: faults caught, route found, caller known, gate, endpoint.</summary>
    public static void UseHttp(this WebApplication app)
    {
        app.UseMiddleware<Faults>();
        app.UseStatusCodePages(context => BareAnswers.ExplainAsync(context.HttpContext));
        app.UseRouting();
        app.UseAuthentication();
        app.UseMiddleware<Gate>();

        app.MapWolverineEndpoints(http =>
        {
            http.TenantId.IsRouteArgumentNamed("accountId");
            http.TenantId.AssertExists();
            http.ConfigureEndpoints(Gate.AssertGuarded);
            http.ConfigureEndpoints(RequestBodyMetadata.Apply);
            PasswordHashing.Apply(http);
            http.AddMiddleware(typeof(RequestOrigin), chain => !chain.HttpMethods.Contains("GET"));
            http.AddMiddleware(typeof(Idempotency), chain => chain.HttpMethods.Contains("POST"));
        });

        app.MapHealth();
        app.MapOpenApi().AllowAnonymous();
        if (app.Environment.IsDevelopment()) app.MapScalarApiReference("/api", ShowOurselvesOnly).AllowAnonymous();
    }
    // The page is for trying the API out here: it calls nobody else.
    private static void ShowOurselvesOnly(ScalarOptions page) =>
        page.WithTitle("MfaEvents").DisableDefaultFonts().DisableTelemetry().DisableAgent().HideDeveloperTools().HideClientButton();
}
