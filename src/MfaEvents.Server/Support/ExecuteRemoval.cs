using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Support;
using MfaEvents.Server.Notifications.Notices;
using MfaEvents.Server.Setup;
using Wolverine;

namespace MfaEvents.Server.Support;

/// <summary>
/// Sent with an approval, delayed until the cooling-off is over. It waits in the database: whichever node is up when it comes due
/// removes the devices.
/// </summary>
public sealed record ExecuteRemoval(string AccountId, Guid CaseId, string Principal);

public static class ExecuteRemovalHandler
{
    /// <summary>
    /// Both streams change in one commit or neither does. Sent twice, or early, it removes nothing twice or early.
    /// </summary>
    public static async Task<OutgoingMessages> Handle(
        ExecuteRemoval message,
        IDocumentSession session,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        // The principal first: no sign-in slips in between the look at it and the removal.
        var principal = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(message.Principal, cancellation);
        var stream = await session.Events.FetchForExclusiveWriting<SupportCase>(
            SupportCase.StreamKey(message.CaseId), cancellation);
        if (stream.Aggregate is not { } found) return [];
        if (principal.Aggregate is not { } state)
        {
            stream.AppendMany(found.PrincipalGone());
            return [];
        }

        var account = await session.LoadAsync<Account>(Account.StreamKey, cancellation);
        var isTold = account?.AreReached(found.ToldContacts, now, settings.Contact) == true;
        var events = found.Execute(state.Devices.Length, state.LastSecondFactorAt, isTold, now, settings.Support);
        stream.AppendMany(events);
        if (events is [RemovalExecuted]) principal.AppendMany(state.RemoveBySupport(message.CaseId, now, settings.Support));

        // Two nodes' clocks may differ: what comes too early comes again, and so does what was put off.
        var messages = new OutgoingMessages();
        if (events is [RemovalPutOff { ExecutesAt: null }] && account is not null)
            messages.AddRange(await NoticesAsync(message, account, found, session, settings, now, cancellation));
        var then = events.Aggregate(found, (known, e) => SupportCase.Evolve(known, found.Id, e, now, People.Product)!);
        if (then.LooksAgainAt(now, settings.Support) is { } next) messages.Delay(message, next - now);
        return messages;
    }

    // Whoever has become one to be told since the approval, and whoever their mail server was given up for, once more.
    private static async Task<IEnumerable<SendNotice>> NoticesAsync(
        ExecuteRemoval message,
        Account account,
        SupportCase found,
        IDocumentSession session,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        var events = await session.Events.FetchStreamAsync(found.Id, token: cancellation);
        var approval = events.Last(e => e.Data is RemovalApproved);
        return account.ContactsToTell(now, settings.Contact).Except(found.ToldContacts)
            .Select(version => new SendNotice(message.AccountId, found.Id, approval.Version, version));
    }
}
