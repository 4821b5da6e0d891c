using Microsoft.Extensions.Diagnostics.HealthChecks;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Operations;

/// <summary>How the service is, part by part.</summary>
public sealed record HealthView(string Status, HealthParts Parts);

/// <param name="Database">The database.</param>
/// <param name="KeyRing">The key ring of the node that was asked.</param>
/// <param name="Checkpoints">The checkpoints that are written out.</param>
/// <param name="AuditPush">The receiver of the audit push; null where none is configured.</param>
/// <param name="Projections">Every projection.</param>
public sealed record HealthParts(
    PartHealth Database,
    PartHealth KeyRing,
    PartHealth Checkpoints,
    PartHealth? AuditPush,
    IReadOnlyList<ProjectionHealth> Projections);

/// <summary>One part: <c>healthy</c>, <c>degraded</c> or <c>unhealthy</c>, and a sentence.</summary>
public sealed record PartHealth(string Status, string Detail);

public sealed record ProjectionHealth(string Name, string Status, string State, long Lag, string Detail);

/// <summary>Tells the parts apart, for the operator.</summary>
public static class ReadHealthEndpoint
{
    [WolverineGet("/health/details"), NotTenanted, Allow(Role.Operator)]
    [Answers(200, typeof(HealthView))]
    public static async Task<Answer> Get(HealthCheckService checks, Projections projections, CancellationToken cancellation)
    {
        var report = await checks.CheckHealthAsync(cancellation);
        IReadOnlyList<ProjectionHealth> told = [];
        try
        {
            told =
            [
                .. (await projections.ReadAsync(cancellation)).Select(one => new ProjectionHealth(
                    one.Name, one.State == ProjectionState.Running ? "healthy" : "degraded", one.State, one.Lag, one.Sentence)),
            ];
        }
        catch (Exception exception) when (DatabaseFaults.IsTransient(exception))
        {
            // The database's own part says so.
        }

        return Answer.Ok(new HealthView(Health.Word(report.Status), new HealthParts(
            Part(Health.Database),
            Part(Health.KeyRing),
            Part(Health.Checkpoints),
            report.Entries.ContainsKey(Health.AuditPush) ? Part(Health.AuditPush) : null,
            told)));

        PartHealth Part(string name) => new(Health.Word(report.Entries[name].Status), report.Entries[name].Description ?? "");
    }
}
