using MfaEvents.Server.Audit.Log;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MfaEvents.Server.Operations;

/// <summary>Whether this node could write checkpoints of the audit logs out when it last tried.</summary>
public sealed class CheckpointsHealth(WriteCheckpoints written) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(written.Failure is { } cause
            ? HealthCheckResult.Degraded($"Checkpoints of the audit logs could not be written out ({cause}); the next round tries again.")
            : HealthCheckResult.Healthy("Checkpoints of the audit logs are written out."));
}
