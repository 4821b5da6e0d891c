using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;
using Wolverine.Http;

namespace MfaEvents.Server.Recovery;

/// <summary>
/// Gives a session for both proofs, once. It may list, remove, resync, assign and activate devices and change the password, and
/// nothing else; the root user's other sessions and sign-ins end.
/// </summary>
public static class CompleteRecoveryEndpoint
{
    [WolverinePost(Routes.Recovery + "/completion"), NotTenanted, AllowAnonymous, PerAddress]
    [TakesHeader(RecoveryKey.Header, "The recovery's key.")]
    [Answers(200, typeof(AccessToken)), Refuses(409, "recovery-state"), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(
        string recoveryId,
        HttpContext http,
        Recoveries recoveries,
        AccessTokens tokens,
        MfaEventsSettings settings,
        DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        await using var held = await recoveries.HoldAsync(http, recoveryId);
        if (held is null) return Problems.NotFound;

        var sessionId = Guid.CreateVersion7(now);
        var decision = held.State.Complete(sessionId, now);
        if (decision.Outcome == RecoveryOutcome.Done)
        {
            held.AppendToRoot(held.Root.SignInByRecovery(held.Id, sessionId, now));
            if (await held.Session.LoadAsync<SealedPassword>(held.Root.Id, cancellation) is { } password)
                held.Session.Store(new PasswordBeforeRecovery(
                    held.State.Id, held.Root.Id, password.Sealed, now + settings.Recovery.Remembered));
        }

        held.Append(decision.Events);
        await held.CommitAsync(cancellation);
        if (decision.Outcome != RecoveryOutcome.Done) return RecoveryRefusals.For(decision);

        var begun = new Session(sessionId, held.Root.Id, Factor.Recovery, now);
        return Answer.Ok(await tokens.IssueAsync(held.AccountId, begun, cancellation));
    }
}
