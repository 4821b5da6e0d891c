using Marten;
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

    /// <summary>Up to which event it has come, by the stream's key.</summary>
    public string AfterStream { get; init; } = "";

    /// <summary>And by the version there.</summary>
    public long AfterVersion { get; init; }

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

/// <summary>What waited in a queue while personal data were erased.</summary>
public static class LateOrigins
{
    /// <summary>Where a request came from that is recorded late, without what has been asked to be erased since it was made.</summary>
    public static async Task<Origin> LeaveErasedAsync(
        this IQuerySession session, Origin origin, DateTimeOffset requestedAt, CancellationToken cancellation)
    {
        var since = await session.Query<DataErasure>().Where(erasure => erasure.StartedAt >= requestedAt).ToListAsync(cancellation);
        var gone = since.SelectMany(erasure => erasure.Fields).ToHashSet();
        return origin with
        {
            ClientAddress = gone.Contains(PersonalField.ClientAddress) ? null : origin.ClientAddress,
            UserAgent = gone.Contains(PersonalField.UserAgent) ? null : origin.UserAgent,
        };
    }
}
