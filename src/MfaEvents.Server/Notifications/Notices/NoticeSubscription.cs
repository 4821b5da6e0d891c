using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Wolverine;
using Wolverine.Marten.Subscriptions;

namespace MfaEvents.Server.Notifications.Notices;

/// <summary>
/// Reads the events of the <see cref="NoticeTable"/> in their order, on one node at a time, and leaves a durable message for each in
/// the transaction of its own progress: what was committed is told of, whatever dies in between. It stops at an event that it cannot
/// read, as the audit trail does.
/// </summary>
public sealed class NoticeSubscription : BatchSubscription
{
    public const string Name = "notices";

    public NoticeSubscription()
        : base(Name)
    {
        // From the first event on. To begin at the present loses what came before the first page was done, if the node died then:
        // the next one took its own present.
        foreach (var row in NoticeTable.Rows) IncludeType(row.Event);
    }

    public override async Task ProcessEventsAsync(
        EventRange page,
        ISubscriptionController controller,
        IDocumentOperations operations,
        IMessageBus bus,
        CancellationToken cancellationToken)
    {
        foreach (var e in page.Events)
            await bus.PublishAsync(new TellOf(e.StreamKey!, e.Version), new DeliveryOptions { TenantId = e.TenantId });
    }
}
