using Marten;
using Microsoft.AspNetCore.Http.Timeouts;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>Whether an account's history is what was logged.</summary>
/// <param name="Size">How many leaves the log has.</param>
/// <param name="RootHash">The root of the tree over the events as they are stored now, in base64.</param>
/// <param name="Intact">Whether events, trail, log and checkpoints agree.</param>
/// <param name="FirstDifference">Where they first do not; null when they do.</param>
public sealed record LogVerification(long Size, string RootHash, bool Intact, LogDifference? FirstDifference);

/// <summary>Recomputes an account's log from the event store itself and compares it with all that was made of the events.</summary>
public static class VerifyLogEndpoint
{
    [WolverinePost(Routes.AuditVerification), Allow(Role.Owner, Role.Auditor, RootOnly = true), DisableRequestTimeout]
    [Answers(200, typeof(LogVerification)), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(IQuerySession session, LogVerifier verifier, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is null) return Problems.NotFound;
        return await verifier.VerifyAsync(session, cancellation) is { } verification
            ? Answer.Ok(verification)
            : Problems.TooManyAttempts(LogVerifier.BusySeconds);
    }
}
