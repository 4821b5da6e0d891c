using Microsoft.Extensions.Diagnostics.HealthChecks;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Operations;

/// <summary>
/// A projection that stands degrades the service, and makes no node unready: codes are verified without it, and a node that is
/// taken away mends nothing.
/// </summary>
public sealed class ProjectionsHealth(Projections projections) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var states = await projections.ReadAsync(cancellationToken);
            var standing = states.Where(one => one.State != ProjectionState.Running).ToList();
            return standing.Count == 0
                ? HealthCheckResult.Healthy("Every projection runs.")
                : HealthCheckResult.Degraded(string.Join(' ', standing.Select(one => one.Sentence)));
        }
        catch (Exception exception) when (DatabaseFaults.IsTransient(exception))
        {
            return HealthCheckResult.Degraded("Nobody knows how far the projections are while the database does not answer.");
        }
    }
}
