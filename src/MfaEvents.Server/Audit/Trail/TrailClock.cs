namespace MfaEvents.Server.Audit.Trail;

/// <summary>
/// How the times of an account's items follow each other. Clocks of nodes differ and transactions overtake, so that an item may be a little
/// earlier than the one before it; what the greatest time so far is only ever grows, and finds the place of an instant in the trail.
/// </summary>
/// <param name="LatestAt">The greatest time of an item so far.</param>
/// <param name="SkewSeconds">By how much an item was ever earlier than that, rounded up.</param>
public readonly record struct TrailClock(DateTimeOffset LatestAt, long SkewSeconds)
{
    /// <summary>The clock after another item.</summary>
    public TrailClock Next(DateTimeOffset occurredAt) => occurredAt >= LatestAt
        ? this with { LatestAt = occurredAt }
        : this with { SkewSeconds = Math.Max(SkewSeconds, (long)Math.Ceiling((LatestAt - occurredAt).TotalSeconds)) };
}
