using Marten;
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
    /// <summary>Both streams change in one commit or neither does. Sent twice, or early, it removes nothing twice or early.</summary>
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
            return [new QueueCase(message.AccountId, message.CaseId)];
        }

        var events = found.Execute(state.Devices.Length, state.LastSecondFactorAt, now);
        stream.AppendMany(events);
        if (events is [RemovalExecuted]) principal.AppendMany(state.RemoveBySupport(message.CaseId, now, settings.Support));

        // Two nodes' clocks may differ: what comes too early comes again.
        var messages = new OutgoingMessages { new QueueCase(message.AccountId, message.CaseId) };
        if (found is { State: CaseState.CoolingOff, ExecutesAt: { } due } && now < due) messages.Delay(message, due - now);
        return messages;
    }
}
