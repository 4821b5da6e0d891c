using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Features;
using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications;
using MfaEvents.Server.Operations;
using MfaEvents.Server.SignIn;
using Wolverine.Http;

namespace MfaEvents.Server.Support;

/// <param name="Token">The token of a notice; the owner, signed in, needs none.</param>
public sealed record VetoRemoval([PlainText] string? Token);

/// <summary>
/// The owner stops a removal during its cooling-off: by the token of a notice, which needs nothing else, or signed in, with a body
/// that holds no token or without a body.
/// </summary>
public static class VetoRemovalEndpoint
{
    [WolverinePost(Routes.Case + "/veto"), AllowAnonymous, PerAddress(ExceptBearers = true)]
    [Answers(204), Refuses(401, "unauthenticated"), Refuses(403, "invalid-proof", "forbidden"), Refuses(409, "case-state")]
    [Refuses(400, "malformed-request"), Refuses(413, "payload-too-large"), Refuses(415, "unsupported-media-type")]
    [Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(
        HttpContext http, string accountId, string caseId, Vetoes vetoes, DateTimeOffset now)
    {
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false } || http.Request.ContentLength == 0)
            return await vetoes.ByOwnerAsync(http, accountId, caseId);

        // The gate reads no body here: a veto by the owner needs none.
        if (await RequestBody.CheckAsync(http, typeof(VetoRemoval)) is { } refusal) return refusal;
        if ((await http.Request.ReadFromJsonAsync<VetoRemoval>(Json.Options, http.RequestAborted))!.Token is { } token)
            return await vetoes.ByTokenAsync(http, LinkToken.Parse(token), now, accountId, caseId);
        return Caller.From(http.User) is null
            ? Problems.Validation("token", "token is required of whoever is not signed in.")
            : await vetoes.ByOwnerAsync(http, accountId, caseId);
    }
}

/// <summary>Vetoes, each in a transaction of its own under the case's lock.</summary>
public sealed class Vetoes(IDocumentStore store, Sessions sessions, MfaMetrics metrics)
{
    /// <summary>By whoever is signed in as the principal, or as the root user of its account.</summary>
    public async Task<Answer> ByOwnerAsync(HttpContext http, string accountId, string caseId)
    {
        var cancellation = http.RequestAborted;
        if (Caller.From(http.User) is not { } caller || !await sessions.IsLiveAsync(caller, cancellation))
            return Problems.Unauthenticated;
        if (!caller.Is(Role.Owner)) return Problems.Forbidden;
        if (!caller.Sees(accountId, Role.Owner) || Uuid.Parse(caseId) is not { } id) return Problems.NotFound;
        http.Features.Set(caller);

        await using var session = store.LightweightSession(accountId);
        Origin.Of(http).Stamp(session);
        LiveSession.Demand(caller, session);
        var stream = await session.Events.FetchForExclusiveWriting<SupportCase>(SupportCase.StreamKey(id), cancellation);
        if (stream.Aggregate is not { } found || !caller.Sees(accountId, found.Principal, Role.Owner)) return Problems.NotFound;

        var decision = found.Veto(VetoReason.Owner);
        stream.AppendMany(decision.Events);
        await session.SaveChangesAsync(cancellation);
        return decision.Or(Answer.NoContent);
    }

    /// <summary>By the token of a notice, which is spent by it. Refused ones are counted: they are recorded nowhere else.</summary>
    /// <param name="http">The request.</param>
    /// <param name="token">The token; null for what nobody was ever given.</param>
    /// <param name="now">The time.</param>
    /// <param name="accountId">The account that the address names, if it names one.</param>
    /// <param name="caseId">The case that the address names.</param>
    public async Task<Answer> ByTokenAsync(
        HttpContext http, LinkToken? token, DateTimeOffset now, string? accountId = null, string? caseId = null)
    {
        var answer = token is null || (accountId is not null && accountId != token.AccountId)
            ? Problems.InvalidProof
            : await SpendAsync(http, token, now, caseId);
        metrics.CountLink(LinkPurpose.Veto, answer.Refusal is null);
        return answer;
    }

    private async Task<Answer> SpendAsync(HttpContext http, LinkToken token, DateTimeOffset now, string? caseId)
    {
        var cancellation = http.RequestAborted;
        await using var session = store.LightweightSession(token.AccountId);
        if (await session.LinkAsync(token, LinkPurpose.Veto, now, cancellation) is not { } link) return Problems.InvalidProof;
        if (caseId is not null && SupportCase.CaseIdOf(link.Subject) != Uuid.Parse(caseId)) return Problems.InvalidProof;

        Origin.Of(http).Stamp(session);
        var stream = await session.Events.FetchForExclusiveWriting<SupportCase>(link.Subject, cancellation);

        // Once more under the lock: of two at once one spends it.
        if (await session.LinkAsync(token, LinkPurpose.Veto, now, cancellation) is null) return Problems.InvalidProof;
        if (stream.Aggregate?.Veto(VetoReason.Link) is not { } decision) return Problems.InvalidProof;
        if (!decision.IsDone()) return decision.Or(Answer.NoContent);
        stream.AppendMany(decision.Events);
        session.Delete(link);
        await session.SaveChangesAsync(cancellation);
        return Answer.NoContent;
    }
}
