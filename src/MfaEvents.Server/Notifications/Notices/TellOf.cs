using JasperFx.Events;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.Support;
using MfaEvents.Server.Setup;
using Wolverine;

namespace MfaEvents.Server.Notifications.Notices;

/// <summary>An event that somebody may have to be told of: decides who, and leaves a message for each mail.</summary>
public sealed record TellOf(string Stream, long Version);

public static class TellOfHandler
{
    public static async Task<OutgoingMessages> Handle(
        TellOf message, IDocumentSession session, MfaEventsSettings settings, CancellationToken cancellation)
    {
        var mails = new OutgoingMessages();
        if (await session.EventAsync(message.Stream, message.Version, cancellation) is not { } happened) return mails;
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is not { } account) return mails;

        if (happened.Data is ContactChangeRequested { Email: true } requested)
            mails.Add(new SendContactProof(session.TenantId, requested.ContactVersion));

        if (NoticeTable.RowOf(happened.Data) is not { } row) return mails;
        var tells = row.Sentence(happened.Data, new NoticeFacts("the root user", "The device")) is not null
            && (row.AtMostEvery is not { } pause || await IsDueAsync(happened, pause, session, cancellation));
        if (!tells) return mails;

        // Whoever had a say when it happened, however long the message has waited, or when the recovery began that it belongs to.
        var since = await session.RecoveryBeganAsync(message.Stream, cancellation) ?? happened.Timestamp;
        var toTell = account.ContactsToTell(since, settings.Contact);
        if (happened.Data is ContactRestored restored) toTell = [.. toTell, .. account.ContactsTakenBack(restored)];
        foreach (var version in toTell)
            mails.Add(new SendNotice(session.TenantId, message.Stream, message.Version, version));
        return mails;
    }

    // Two at once wait for each other: one of them finds the other's mark.
    private static async Task<bool> IsDueAsync(
        IEvent happened, TimeSpan pause, IDocumentSession session, CancellationToken cancellation)
    {
        var id = $"{happened.EventTypeName}/{happened.StreamKey}";
        await session.HoldAsync(NoticeMark.LockOf(session.TenantId, id), cancellation);
        var mark = await session.LoadAsync<NoticeMark>(id, cancellation);
        if (mark is not null && mark.EventId != happened.Id && (happened.Timestamp - mark.At).Duration() < pause) return false;
        session.Store(new NoticeMark(id, happened.Id, happened.Timestamp));
        return true;
    }
}

/// <summary>The last event of a kind that a notice told of, where the same is not told again at once.</summary>
public sealed record NoticeMark(string Id, Guid EventId, DateTimeOffset At)
{
    internal static string LockOf(string accountId, string id) => Convert.ToHexString(
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"notice {accountId}/{id}")));
}

public static class ToldEvents
{
    /// <summary>Whom a stream's events are about: a case is about its principal.</summary>
    public static async Task<string> SubjectAsync(this IQuerySession session, string stream, CancellationToken cancellation) =>
        SupportCase.CaseIdOf(stream) is not null
            ? (await session.LoadAsync<SupportCase>(stream, cancellation))?.Principal ?? Principal.Root
            : stream;

    /// <summary>When the recovery of a stream began; null for other streams.</summary>
    public static async Task<DateTimeOffset?> RecoveryBeganAsync(
        this IQuerySession session, string stream, CancellationToken cancellation) =>
        RootRecovery.IdOf(stream) is null ? null : (await session.LoadAsync<RootRecovery>(stream, cancellation))?.StartedAt;

    /// <summary>One event of a stream; null when it is not there.</summary>
    public static async Task<IEvent?> EventAsync(
        this IQuerySession session, string stream, long version, CancellationToken cancellation) =>
        (await session.Events.FetchStreamAsync(stream, version, fromVersion: version, token: cancellation)).SingleOrDefault();
}
