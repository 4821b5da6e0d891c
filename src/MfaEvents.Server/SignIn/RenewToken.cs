using Marten;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.SignIn;

/// <summary>
/// Gives a new token within the caller's session. It says when the caller signed in, not when it was renewed. Repeating it needs
/// no Idempotency-Key: it changes nothing, and a token is never remembered.
/// </summary>
public static class RenewTokenEndpoint
{
    [WolverinePost(Routes.Tokens), NotTenanted, Allow(Role.Owner), NeverRemembered]
    [Answers(200, typeof(AccessToken))]
    public static async Task<Answer> Post(
        Caller caller, IDocumentStore store, AccessTokens tokens, CancellationToken cancellation)
    {
        // A token without a session of ours is renewed by whoever gave it.
        if (caller.SessionId is not { } id) return Problems.Forbidden;
        var accountId = caller.Accounts.Single();
        await using var query = store.QuerySession(accountId);
        return await query.LoadAsync<Session>(id, cancellation) is { } session
            ? Answer.Ok(await tokens.IssueAsync(accountId, session, cancellation))
            : Problems.Unauthenticated;
    }
}
