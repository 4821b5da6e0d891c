using Marten;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Operations;

/// <summary>The database answers, and takes writes.</summary>
public sealed class DatabaseHealth(IDocumentStore store) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = store.Storage.Database.CreateConnection();
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand("select pg_is_in_recovery()", (NpgsqlConnection)connection);
            return await command.ExecuteScalarAsync(cancellationToken) is true
                ? HealthCheckResult.Unhealthy("The database is a standby, and takes no writes.")
                : HealthCheckResult.Healthy("The database answers, and takes writes.");
        }
        catch (Exception exception) when (exception is NpgsqlException || DatabaseFaults.IsTransient(exception))
        {
            return HealthCheckResult.Unhealthy("The database does not answer.");
        }
    }
}
