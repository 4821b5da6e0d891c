using MfaEvents.Core.Accounts;

namespace MfaEvents.Server.Audit.Erasure;

/// <summary>
/// An erasure of personal data: what lay under the account's lock went with its event, and what lies with each event goes page by page.
/// </summary>
public sealed record DataErasure
{
    public required Guid Id { get; init; }

    public required IReadOnlyList<PersonalField> Fields { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The sequence of its event: what lies before it is erased. 0 as long as the trail has not come to it.</summary>
    public long Sequence { get; init; }

    /// <summary>Up to which event it has come.</summary>
    public long Position { get; init; }

    /// <summary>Events whose personal data are gone.</summary>
    public long EventsErased { get; init; }

    /// <summary>The number of its next step.</summary>
    public int Step { get; init; }

    /// <summary>Whether the addresses that are erased have still to be told of it; they lie sealed until then.</summary>
    public bool IsTelling { get; init; }

    /// <summary>Whether the personal data of events are gone.</summary>
    public bool AreEventsDone { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Whether nothing is left to do.</summary>
    public bool IsDone => FinishedAt is not null;

    /// <summary>The same with its end, if this was the last thing to do.</summary>
    public DataErasure At(DateTimeOffset now) => AreEventsDone && !IsTelling ? this with { FinishedAt = FinishedAt ?? now } : this;
}
