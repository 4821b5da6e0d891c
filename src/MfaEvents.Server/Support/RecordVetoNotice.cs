using MfaEvents.Core.Support;
using MfaEvents.Server.Setup;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Support;

/// <summary>
/// Sent when the mail server, or the outbox, has taken a notice with the link that vetoes a removal; before that nothing is removed.
/// A node that dies in between sends the notice again, and then this.
/// </summary>
/// <param name="Case">The case's stream.</param>
/// <param name="ContactVersion">The version of the contact information that holds the address.</param>
public sealed record RecordVetoNotice(string Case, int ContactVersion);

public static class RecordVetoNoticeHandler
{
    public static Events Handle(
        RecordVetoNotice message,
        [WriteModel(nameof(RecordVetoNotice.Case), LoadStyle = ModelConcurrencyStyle.Exclusive)] SupportCase? state,
        MfaEventsSettings settings,
        DateTimeOffset now) =>
        [.. state?.Deliver(message.ContactVersion, now, settings.Support) ?? []];
}
