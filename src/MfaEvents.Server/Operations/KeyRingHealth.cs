using System.Security.Cryptography;
using MfaEvents.Server.Sealing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MfaEvents.Server.Operations;

/// <summary>The key ring seals and opens a probe: without it this node can read no seed, password or address.</summary>
public sealed class KeyRingHealth(Seals seals) : IHealthCheck
{
    private const string Purpose = "health";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var probe = RandomNumberGenerator.GetBytes(16);
            return Task.FromResult(CryptographicOperations.FixedTimeEquals(seals.Open(Purpose, seals.Seal(Purpose, probe)), probe)
                ? HealthCheckResult.Healthy("The key ring seals and opens.")
                : HealthCheckResult.Unhealthy("The key ring does not open what it sealed."));
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy("The key ring cannot be read, or holds no key that serves."));
        }
    }
}
