using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit.Trail;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>Where an account's history first differs from what was logged.</summary>
/// <param name="Index">The entry; null when it is none of them.</param>
/// <param name="Kind">What was done.</param>
/// <param name="EventId">The event that it was done to.</param>
/// <param name="Fields">What of it differs, by the names of a leaf.</param>
/// <param name="Sentence">The same for people.</param>
public sealed record LogDifference(long? Index, DifferenceKind Kind, Guid? EventId, IReadOnlyList<string> Fields, string Sentence);

/// <summary>What was done to a history.</summary>
public enum DifferenceKind
{
    /// <summary>An event's data, type or place in its stream.</summary>
    EventChanged,

    /// <summary>When an event happened.</summary>
    EventRedated,

    /// <summary>Who did it, from where, or what belongs to it.</summary>
    MetadataChanged,

    /// <summary>An event that was logged is gone.</summary>
    EventRemoved,

    /// <summary>An event is there that was never logged.</summary>
    EventInserted,

    /// <summary>Events stand in another order.</summary>
    EventsReordered,

    /// <summary>A row of the audit trail differs from its event.</summary>
    RowChanged,

    /// <summary>A row of the audit trail is gone.</summary>
    RowRemoved,

    /// <summary>A row of the audit trail belongs to no event.</summary>
    RowInserted,

    /// <summary>A hash of the log itself.</summary>
    LogChanged,

    /// <summary>The log is shorter than a checkpoint that was written out.</summary>
    LogTruncated,

    /// <summary>Everything in the database agrees, but a checkpoint that was written out says otherwise.</summary>
    CheckpointDiffers,

    /// <summary>What was written out as a checkpoint is none any more.</summary>
    CheckpointUnreadable,

    /// <summary>Personal data are not those that the event commits to.</summary>
    PersonalDataChanged,

    /// <summary>Personal data are gone, and no erasure says so.</summary>
    PersonalDataMissing,
}

/// <summary>Which fields of two entries differ, by the names of a leaf.</summary>
public static class EntryFields
{
    public const string OccurredAt = "occurredAt";

    /// <summary>What belongs to an event's data: its change is a change of what happened.</summary>
    public static IReadOnlySet<string> OfTheEvent { get; } =
        new HashSet<string> { "data", "eventType", "stream", "version", "principal", "deviceId", "deviceName", "deviceType" };

    /// <summary>The fields in which a row differs from an entry, whose long texts the row has cut.</summary>
    public static IReadOnlyList<string> Differing(AuditEntry entry, AuditEntry row)
    {
        var (e, r) = (entry.Event, row.Event);
        var differing = new List<string>();
        Compare("eventId", e.EventId == r.EventId);
        Compare("eventType", e.EventType == r.EventType);
        Compare("stream", e.Stream == r.Stream);
        Compare("version", e.Version == r.Version);
        Compare("index", entry.Index == row.Index);
        Compare("sequence", e.Sequence == r.Sequence);
        Compare(OccurredAt, e.OccurredAt == r.OccurredAt);
        Compare("principal", entry.Principal == row.Principal);
        Compare("deviceId", entry.Device?.Id == row.Device?.Id);
        Compare("deviceName", entry.Device?.Name == row.Device?.Name);
        Compare("deviceType", entry.Device?.Type == row.Device?.Type);
        Text("actor", e.Actor, r.Actor);
        Text("actorIssuer", e.ActorIssuer, r.ActorIssuer);
        Text("sessionId", e.SessionId, r.SessionId);
        Erasable("sourceAddress", e.ClientAddress, r.ClientAddress);
        Erasable("userAgent", e.UserAgent, r.UserAgent);
        Text("correlationId", e.CorrelationId, r.CorrelationId);
        Text("causationId", e.CausationId, r.CausationId);
        Compare("personalDataCommitment", e.PersonalDataCommitment == r.PersonalDataCommitment);
        Compare("contactCommitment", e.ContactCommitment == r.ContactCommitment);
        Compare("data", e.Data.Span.SequenceEqual(r.Data.Span));
        return differing;

        void Text(string field, string? whole, string? copy) => Compare(field, AuditCopy.Cut(whole) == copy);

        // That one of them has lost it is for the witness of personal data to say.
        void Erasable(string field, string? whole, string? copy) =>
            Compare(field, whole is null || copy is null || AuditCopy.Cut(whole) == copy);

        void Compare(string field, bool same)
        {
            if (!same) differing.Add(field);
        }
    }
}
