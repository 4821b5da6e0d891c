using MfaEvents.Core.Support;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Support;

/// <summary>Sent with every case, delayed: if nobody has decided by then, it expires.</summary>
/// <param name="Case">The case's stream.</param>
public sealed record ExpireCase(string Case);

public static class ExpireCaseHandler
{
    public static (Events, OutgoingMessages) Handle(
        ExpireCase message,
        [WriteModel(nameof(ExpireCase.Case), LoadStyle = ModelConcurrencyStyle.Exclusive)] SupportCase? state,
        Envelope envelope,
        DateTimeOffset now)
    {
        if (state is null) return ([], []);
        return ([.. state.Expire(now)], [new QueueCase(envelope.TenantId!, state.CaseId)]);
    }
}
