using Marten;
using MfaEvents.Server.Setup;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace MfaEvents.Server.Audit.Push;

/// <summary>A push that has delivered nothing for a while, though something waits, degrades the service; it makes no node unready.</summary>
public sealed class PushHealth(IDocumentStore store, TimeProvider clock) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = (NpgsqlConnection)store.Storage.Database.CreateConnection();
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand(
                $"select failing_since, cause from {PushTables.Position} where failing_since < $1", connection);
            command.Parameters.Add(new NpgsqlParameter { Value = clock.GetUtcNow() - Patience });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            return await reader.ReadAsync(cancellationToken)
                ? HealthCheckResult.Degraded(
                    $"The audit push delivers nothing since {reader.GetDateTime(0):u} ({reader.GetString(1)}).")
                : HealthCheckResult.Healthy("The receiver of the audit push takes events.");
        }
        catch (Exception exception) when (DatabaseFaults.IsTransient(exception))
        {
            return HealthCheckResult.Degraded("Nobody knows how far the audit push is while the database does not answer.");
        }
    }
}
