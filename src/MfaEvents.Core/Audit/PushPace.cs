namespace MfaEvents.Core.Audit;

/// <summary>
/// How a push goes on after what its receiver answered. Whatever may pass is tried again without end; a single event that is refused again
/// and again is given up, so that those behind it arrive.
/// </summary>
/// <param name="Most">How many events are sent together at most.</param>
public sealed record PushPace(int Most)
{
    /// <summary>How often one event is refused before it is given up.</summary>
    public const int Patience = 5;

    /// <summary>How many events are given up in a row: a receiver that refuses more than these refuses everything, and is waited for.</summary>
    public const int MostGivenUp = 10;

    /// <summary>How many events are sent together next.</summary>
    public int Limit { get; init; } = Most;

    /// <summary>How many attempts in a row did not deliver what they sent, and need a pause.</summary>
    public int Failures { get; init; }

    /// <summary>How often the event that is sent alone was refused.</summary>
    public int Refusals { get; init; }

    /// <summary>How many events in a row were given up.</summary>
    public int GivenUp { get; init; }

    /// <summary>Whether the event that is sent alone is given up.</summary>
    public bool GivesUp => Refusals >= Patience && GivenUp < MostGivenUp;

    /// <summary>What was sent has arrived.</summary>
    public PushPace AfterDelivery() => new(Most) { Limit = Math.Min(Most, Limit * 2) };

    /// <summary>Nobody answered, or the receiver could not take it now.</summary>
    public PushPace AfterFailure() => this with { Failures = Failures + 1 };

    /// <summary>The receiver refused what was sent: of several events together nobody knows which one it means.</summary>
    public PushPace AfterRefusal(int events) => events > 1
        ? this with { Limit = events / 2, Failures = 0, Refusals = 0 }
        : this with { Limit = 1, Failures = Failures + 1, Refusals = Refusals + 1 };

    /// <summary>The event that was refused was put aside.</summary>
    public PushPace AfterGivingUp() => this with { Failures = 0, Refusals = 0, GivenUp = GivenUp + 1 };

    /// <summary>How long to wait before the next attempt: twice as long after each one that failed.</summary>
    public TimeSpan Pause(TimeSpan first, TimeSpan longest) =>
        Failures == 0 ? TimeSpan.Zero : TimeSpan.FromTicks((long)Math.Min(longest.Ticks, first.Ticks * Math.Pow(2, Failures - 1)));
}
