using Microsoft.AspNetCore.Authorization;
using MfaEvents.Server.Console;
using MfaEvents.Server.Console.Inside;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications;

namespace MfaEvents.Server.Setup;

/// <summary>The console: pages for people, rendered here, that call the API as anybody does.</summary>
public static class ConsoleSetup
{
    /// <summary>Nothing but our own style sheet, scripts and pictures; forms go to ourselves; nobody frames a page.</summary>
    public const string Policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

    public static void AddConsole(this WebApplicationBuilder builder, MfaEventsSettings settings)
    {
        builder.AddStaffSignIn(settings);
        builder.Services.AddRazorComponents();
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddSingleton<InsidePipeline>();
        builder.Services.AddScoped<Api>();
        builder.Services.AddScoped<ConsoleSession>();
        builder.Services.AddSingleton<LinkCookies>();
        builder.Services.AddSingleton<StaffTokens>();
        builder.Services.AddSingleton<DevelopmentOutbox>();
        builder.Services.AddAntiforgery(antiforgery =>
        {
            var isDevelopment = builder.Environment.IsDevelopment();
            antiforgery.Cookie.Name = isDevelopment ? "antiforgery" : "__Host-antiforgery";
            antiforgery.Cookie.SecurePolicy = isDevelopment ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.Path = "/";
        });
    }

    /// <summary>What stands behind this is what a page's call from inside passes.</summary>
    public static void UseInsidePipeline(this IApplicationBuilder app)
    {
        var pipeline = app.ApplicationServices.GetRequiredService<InsidePipeline>();
        app.Use(pipeline.From);
    }

    /// <summary>Its cookies are sent over TLS alone, so that without it nobody gets anywhere: who runs this is told why.</summary>
    public static void UseTlsForConsole(this WebApplication app)
    {
        if (app.Environment.IsDevelopment()) return;
        app.UseWhen(
            http => http.Request.Path.StartsWithSegments("/console") && !http.Request.IsHttps,
            plain => plain.Run(http => Refusals.TellAsync(http, Problems.ConsoleNeedsTls)));
    }

    public static void MapConsole(this WebApplication app)
    {
        app.MapConsoleAssets();
        app.MapSignOut();
        app.MapStaffSignIn();
        app.MapLiveStates();
        app.MapDownloads();
        app.MapRazorComponents<App>().WithMetadata(new AllowAnonymousAttribute(), new ContentSecurityPolicyAttribute(Policy));
    }
}
