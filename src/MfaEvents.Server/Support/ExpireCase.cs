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
        DateTimeOffset now)
    {
        if (state is null) return ([], []);
        var messages = new OutgoingMessages();

        // Two nodes' clocks may differ: what comes too early comes again.
        if (state is { State: CaseState.Open or CaseState.Requested } && now < state.ExpiresAt)
            messages.Delay(message, state.ExpiresAt - now);
        return ([.. state.Expire(now)], messages);
    }
}
