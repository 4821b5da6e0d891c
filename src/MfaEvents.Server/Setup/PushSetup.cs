using MfaEvents.Server.Audit.Export;
using MfaEvents.Server.Audit.Push;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Wolverine;
using Wolverine.ErrorHandling;

namespace MfaEvents.Server.Setup;

public static class PushSetup
{
    // What was put aside and replayed meets a receiver that is away: together a day and a bit.
    private static readonly TimeSpan[] Later =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(8), TimeSpan.FromHours(8),
    ];

    /// <summary>The push of the audit trail, if a receiver is configured.</summary>
    public static void AddAuditPush(this WebApplicationBuilder builder, MfaEventsSettings settings, Database database)
    {
        builder.Services.AddSingleton<CloudEvents>();
        builder.Services.AddSingleton<PushMetrics>();
        builder.Services.AddSingleton<Webhook>();
        builder.Services.AddHttpClient(nameof(Webhook), http => http.Timeout = settings.Audit.Push.Timeout)
            .RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                // A redirect would carry events to where nobody configured them to go.
                AllowAutoRedirect = false,
                UseCookies = false,
                ConnectTimeout = settings.Audit.Push.Timeout,
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            });
        if (settings.Audit.Push.Url is null) return;
        builder.Services.AddSingleton(database);
        builder.Services.AddHostedService<PushAudit>();
        builder.Services.AddHealthChecks()
            .AddCheck<PushHealth>(Health.AuditPush, HealthStatus.Degraded, timeout: TimeSpan.FromSeconds(2));
    }

    /// <summary>What is refused is a dead letter at once; a receiver that is away is asked again for a day.</summary>
    public static void RetryPush(this WolverineOptions wolverine)
    {
        wolverine.OnException<PushRefusedException>().MoveToErrorQueue();
        wolverine.OnException<PushDelayedException>().ScheduleRetry(Later).Then.MoveToErrorQueue();
    }
}
