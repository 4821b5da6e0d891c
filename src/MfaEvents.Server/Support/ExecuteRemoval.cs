using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Support;
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
    /// Both streams change in one commit or neither does. Sent twice, or early, it removes nothing twice or early. As long as the
    /// owner could not be told it comes again.
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

        // Put off, or too early: two nodes' clocks may differ.
        var messages = new OutgoingMessages();
        if (found.With(events, now).LooksAgainAt(now, settings.Support) is { } again) messages.Delay(message, again - now);
        return messages;
    }
}
