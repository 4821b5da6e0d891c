using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Recovery;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications;
using MfaEvents.Server.Notifications.Notices;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;
using Wolverine.Http;

namespace MfaEvents.Server.Recovery;

public sealed record RepudiateRecovery([PlainText] string Token)
{
    public override string ToString() => "***";
}

/// <summary>
/// "This was not me", by the link of any notice of the recovery: ends it and the sessions it gave, removes the devices that came
/// of it, and takes back a password that it set.
/// </summary>
public static class RepudiateRecoveryEndpoint
{
    [WolverinePost(Routes.Recovery + "/repudiation"), NotTenanted, AllowAnonymous, PerAddress]
    [Answers(204), Refuses(403, "invalid-proof"), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(
        RepudiateRecovery command,
        string recoveryId,
        HttpContext http,
        RecoveryRepudiations repudiations,
        MfaMetrics metrics,
        DateTimeOffset now)
    {
        if (Uuid.Parse(recoveryId) is not { } id) return Problems.NotFound;
        var done = LinkToken.Parse(command.Token) is { } token && await repudiations.TakeAsync(token, id, http, now);
        metrics.CountLink(LinkPurpose.Repudiation, done);
        return done ? Answer.NoContent : Problems.InvalidProof;
    }
}

/// <summary>What repudiation does to a recovery.</summary>
public sealed class RecoveryRepudiations(IDocumentStore store, Recoveries recoveries, MfaEventsSettings settings) : IRepudiable
{
    public string StreamPrefix => RootRecovery.KeyPrefix;

    public async Task<bool> RepudiateAsync(LinkToken token, NoticeSubject subject, HttpContext http, DateTimeOffset now) =>
        RootRecovery.IdOf(subject.Stream) is { } id && await TakeAsync(token, id, http, now);

    /// <summary>Takes a link that repudiates a recovery; false when it is false, spent, late or another's.</summary>
    public async Task<bool> TakeAsync(LinkToken token, Guid recoveryId, HttpContext http, DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        await using (var query = store.QuerySession(token.AccountId))
            if (await LinkAsync(query, token, recoveryId, now, cancellation) is null) return false;

        await using var held = await recoveries.HoldAsync(token.AccountId, recoveryId, Origin.Of(http), cancellation);
        if (held is null || await LinkAsync(held.Session, token, recoveryId, now, cancellation) is not { } link) return false;

        held.Session.Delete(link);
        var repudiated = held.State.Repudiate(now);
        if (repudiated.Count > 0 && held.State.SessionId is { } session) await UndoAsync(held, session, cancellation);
        held.Append(repudiated);
        await held.CommitAsync(cancellation);
        return true;
    }

    // Whoever was reached by contact information that was taken back, or long before the recovery began, has no say.
    private async Task<OpenLink?> LinkAsync(
        IQuerySession session, LinkToken token, Guid recoveryId, DateTimeOffset now, CancellationToken cancellation) =>
        await session.LinkAsync(token, LinkPurpose.Repudiation, now, cancellation) is { } link
        && NoticeSubject.Parse(link.Subject) is { } told
        && told.Stream == RootRecovery.StreamKey(recoveryId)
        && await session.LoadAsync<Account>(Account.StreamKey, cancellation) is { } account
        && account.HasSay(told.ContactVersion, await session.RecoveryBeganAsync(told.Stream, cancellation) ?? now, settings.Contact)
            ? link
            : null;

    private static async Task UndoAsync(HeldRecovery held, Guid sessionId, CancellationToken cancellation)
    {
        // By version: two streams of one commit have no instant in common, and clocks step back.
        var verified = await held.Session.Events.QueryAllRawEvents()
            .Where(e => e.StreamKey == Principal.Root && e.EventTypeName == "recovery_verified")
            .ToListAsync(cancellation);
        var version = verified.Single(e => ((RecoveryVerified)e.Data).RecoveryId == held.Id).Version;
        var events = await held.Session.Events.FetchStreamAsync(
            Principal.Root, fromVersion: version + 1, token: cancellation);
        var traces = RecoveryTraces.Of(sessionId, events.Select(e => new Traced(e.Data, SessionOf(e))));

        held.AppendToRoot(held.Root.UndoRecovery(held.Id, traces));
        if (traces.SetPassword
            && await held.Session.LoadAsync<PasswordBeforeRecovery>(held.State.Id, cancellation) is { } before)
            held.Session.Store(new SealedPassword(before.Principal, before.Sealed));
    }

    private static Guid? SessionOf(IEvent e) => Uuid.Parse(e.GetHeader(Origin.SessionHeader)?.ToString());
}
