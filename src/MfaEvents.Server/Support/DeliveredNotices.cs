using Marten;
using MfaEvents.Core.Support;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Notifications.Notices;

namespace MfaEvents.Server.Support;

/// <summary>Writes down in the case that an address got the link that vetoes: nothing is removed before.</summary>
public static class DeliveredNotices
{
    /// <summary>
    /// After the mail server took the notice. A node that dies in between sends it once more, and a case that has ended meanwhile
    /// hears nothing of it.
    /// </summary>
    public static async Task TellOfDeliveryAsync(
        this IDocumentStore store, SendNotice notice, SupportPolicy policy, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession(notice.AccountId);
        Origin.Product.Stamp(session);
        var stream = await session.Events.FetchForExclusiveWriting<SupportCase>(notice.Stream, cancellation);
        if (stream.Aggregate is not { } found) return;
        stream.AppendMany(found.Deliver(notice.ContactVersion, now, policy));
        await session.SaveChangesAsync(cancellation);
    }
}
