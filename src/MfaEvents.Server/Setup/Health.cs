using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MfaEvents.Server.Http;
using MfaEvents.Server.Operations;

namespace MfaEvents.Server.Setup;

/// <summary>
/// Live is a process that answers. Ready is a node with a database and a key ring. A projection that stands degrades the service
/// and leaves its nodes ready.
/// </summary>
public static class Health
{
    public const string Database = "database";
    public const string KeyRing = "keyRing";
    public const string Projections = "projections";
    public const string Checkpoints = "checkpoints";
    public const string AuditPush = "auditPush";

    /// <summary>A part that has not answered by then is not well.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void AddHealth(this WebApplicationBuilder builder) => builder.Services.AddHealthChecks()
        .AddCheck<DatabaseHealth>(Database, timeout: Patience)
        .AddCheck<KeyRingHealth>(KeyRing, timeout: Patience)
        .AddCheck<CheckpointsHealth>(Checkpoints, HealthStatus.Degraded, timeout: Patience)
        .AddCheck<ProjectionsHealth>(Projections, HealthStatus.Degraded, timeout: Patience);

    /// <summary>Anybody may ask these two: they answer a word for each part, and nothing else.</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false, ResponseWriter = WriteAsync }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { ResponseWriter = WriteAsync }).AllowAnonymous();
    }

    public static string Word(HealthStatus status) => JsonNamingPolicy.CamelCase.ConvertName(status.ToString());

    private static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(
        new Words(Word(report.Status), report.Entries.ToDictionary(entry => entry.Key, entry => Word(entry.Value.Status))),
        Json.Options,
        context.RequestAborted);

    private sealed record Words(string Status, IReadOnlyDictionary<string, string> Parts);
}
