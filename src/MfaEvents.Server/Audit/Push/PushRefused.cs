using Marten;
using MfaEvents.Server.Audit.Export;
using MfaEvents.Server.Audit.Trail;
using Npgsql;

namespace MfaEvents.Server.Audit.Push;

/// <summary>An event that the receiver refused while those behind it went on. It is a dead letter until somebody replays it.</summary>
/// <param name="Sequence">The event's number over all accounts.</param>
public sealed record PushRefused(long Sequence);

/// <summary>The receiver refuses an event.</summary>
public sealed class PushRefusedException(string cause) : Exception($"The receiver of the audit push refuses an event: {cause}.");

/// <summary>The receiver cannot take an event now.</summary>
public sealed class PushDelayedException(string cause) : Exception($"The receiver of the audit push does not take events: {cause}.");

/// <summary>Posts such an event alone.</summary>
public static class PushRefusedHandler
{
    public static async Task Handle(
        PushRefused message, IDocumentStore store, Webhook webhook, CloudEvents events, CancellationToken cancellation)
    {
        if (!webhook.Exists) throw new PushRefusedException("nobody is configured to receive");
        await using var connection = (NpgsqlConnection)store.Storage.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand($"{AuditRow.Select} where sequence = $1", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = message.Sequence });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) throw new PushRefusedException("the audit trail lacks it");
        var row = AuditRow.Read(reader);
        await connection.CloseAsync();

        var answer = await webhook.PostAsync(PushBatch.Of([row], events), cancellation);
        if (answer.Outcome == PushOutcome.Refused) throw new PushRefusedException(answer.Cause);
        if (answer.Outcome == PushOutcome.Failed) throw new PushDelayedException(answer.Cause);
    }
}
