using System.Text.Json;
using Marten;
using Marten.Services;
using MfaEvents.Core.Support;
using MfaEvents.Server.Accounts;
using Npgsql;
using NpgsqlTypes;

namespace MfaEvents.Server.Support;

/// <summary>
/// Left by the snapshot with every step of a case, which may lie in another database than the desk's queue: the queue then shows
/// it as it is. Sent twice, or overtaken by a later one, it does no harm.
/// </summary>
public sealed record QueueCase(string AccountId, Guid CaseId);

public static class QueueCaseHandler
{
    public static Task Handle(QueueCase message, QueuedCases queue, CancellationToken cancellation) =>
        queue.CopyAsync(message.AccountId, SupportCase.StreamKey(message.CaseId), cancellation);
}

/// <summary>Copies cases into the desk's queue.</summary>
public sealed class QueuedCases(IDocumentStore accounts, IDirectoryStore directory)
{
    private const string Upsert =
        $"""
        insert into {CaseTable.Name} as known (
            case_id, account_id, principal, state, reference, opened_by, opened_at, expires_at, agents, requested_by,
            requested_at, decided_by, decided_at, executes_at, executed_at, code_issued, ended_at, version)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        on conflict (case_id) do update set
            state = excluded.state, agents = excluded.agents, requested_by = excluded.requested_by,
            requested_at = excluded.requested_at, decided_by = excluded.decided_by, decided_at = excluded.decided_at,
            executes_at = excluded.executes_at, executed_at = excluded.executed_at, code_issued = excluded.code_issued,
            ended_at = excluded.ended_at, version = excluded.version
        where known.version < excluded.version
        """;

    /// <summary>Copies one case as it is now; an older copy never takes the place of a newer one.</summary>
    public async Task CopyAsync(string accountId, string key, CancellationToken cancellation)
    {
        await using var session = accounts.QuerySession(accountId);
        if (await session.LoadAsync<SupportCase>(key, cancellation) is not { } found) return;

        await using var directorySession = directory.QuerySession();
        await using var connection = (NpgsqlConnection)directorySession.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(Upsert, connection);
        Add(NpgsqlDbType.Uuid, found.CaseId);
        Add(NpgsqlDbType.Text, accountId);
        Add(NpgsqlDbType.Text, found.Principal);
        Add(NpgsqlDbType.Text, Word(found.State));
        Add(NpgsqlDbType.Text, found.Reference);
        Add(NpgsqlDbType.Text, found.OpenedBy.Subject);
        Add(NpgsqlDbType.TimestampTz, found.OpenedAt.ToUniversalTime());
        Add(NpgsqlDbType.TimestampTz, found.ExpiresAt.ToUniversalTime());
        Add(NpgsqlDbType.Array | NpgsqlDbType.Text, found.Agents.Select(agent => agent.Subject).ToArray());
        Add(NpgsqlDbType.Text, found.RequestedBy?.Subject);
        Add(NpgsqlDbType.TimestampTz, found.RequestedAt?.ToUniversalTime());
        Add(NpgsqlDbType.Text, found.DecidedBy?.Subject);
        Add(NpgsqlDbType.TimestampTz, found.DecidedAt?.ToUniversalTime());
        Add(NpgsqlDbType.TimestampTz, found.ExecutesAt?.ToUniversalTime());
        Add(NpgsqlDbType.TimestampTz, found.ExecutedAt?.ToUniversalTime());
        Add(NpgsqlDbType.Boolean, found.CodeIssued);
        Add(NpgsqlDbType.TimestampTz, found.EndedAt?.ToUniversalTime());
        Add(NpgsqlDbType.Integer, found.Version);
        await command.ExecuteNonQueryAsync(cancellation);

        void Add(NpgsqlDbType type, object? value) =>
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value ?? DBNull.Value });
    }

    public static string Word(CaseState state) => JsonNamingPolicy.CamelCase.ConvertName(state.ToString());
}

/// <summary>
/// Copies a case right after the commit that changed it, so that whoever did so sees it in the queue. What fails here the message
/// makes good.
/// </summary>
public sealed partial class QueuedAtOnce(IServiceProvider services, ILogger<QueuedAtOnce> logger) : DocumentSessionListenerBase
{
    public override async Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        HashSet<string>? changed = null;
        foreach (var e in commit.GetEvents())
            if (e.Data is ICaseEvent) (changed ??= []).Add(e.StreamKey!);
        if (changed is null) return;

        // Resolved here: it needs the store that is being made when this is.
        var queue = services.GetRequiredService<QueuedCases>();
        foreach (var key in changed)
        {
            try
            {
                await queue.CopyAsync(session.TenantId, key, token);
            }
            catch (Exception exception)
            {
                // The step is committed, and what it answers may be shown only once.
                LogPutOff(exception);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A case comes into the queue later, by its message")]
    private partial void LogPutOff(Exception exception);
}
