using System.Text.Json.Serialization;

namespace MfaEvents.Server.Operations;

/// <summary>How far a projection is.</summary>
/// <param name="Name">The projection.</param>
/// <param name="Lifecycle"><c>inline</c>: in the transaction of the event; <c>async</c>: after it.</param>
/// <param name="Version">Counted up when its views change their meaning.</param>
/// <param name="Position">The sequence of the last event it has seen.</param>
/// <param name="HighWaterMark">The sequence of the last event there is.</param>
/// <param name="Lag">The difference of both.</param>
/// <param name="State">
/// <c>running</c>; <c>paused</c>: it failed and tries again by itself; <c>stopped</c>: it waits for an operator, or no node runs
/// it.
/// </param>
public sealed record ProjectionState(
    string Name, string Lifecycle, int Version, long Position, long HighWaterMark, long Lag, string State)
{
    public const string Running = "running";
    public const string Paused = "paused";
    public const string Stopped = "stopped";

    /// <summary>How long the oldest event that it has not seen has waited, in seconds; 0 when there is none.</summary>
    public double LagSeconds { get; init; }

    /// <summary>The event that it stopped at, which is never skipped; null when it runs, or when no single event is to blame.</summary>
    public PoisonedEvent? StoppedAt { get; init; }

    /// <summary>Why it does not run.</summary>
    [JsonIgnore]
    public ProjectionStop? Stop { get; init; }

    /// <summary>The state in a sentence, for the operator.</summary>
    [JsonIgnore]
    public string Sentence => State switch
    {
        Running when Lag == 0 => $"The projection {Name} has seen every event.",
        Running => $"The projection {Name} has {Lag} events before it, the oldest for {LagSeconds:F0} s.",
        _ when Stop is null => $"No node runs the projection {Name}; {Lag} events wait.",
        Paused => $"The projection {Name} failed ({Stop.Cause}) and tries again by itself; {Lag} events wait.",
        _ when Stop.Sequence is null =>
            $"The projection {Name} has stopped after event {Position} ({Stop.Cause}); {Lag} events wait.",
        _ => $"The projection {Name} has stopped at {Stop.Where} ({Stop.Cause}); {Lag} events wait.",
    };
}

/// <summary>An event that a projection could not take.</summary>
/// <param name="Sequence">Its number over all accounts.</param>
/// <param name="EventId">Its own id; null when it is not in the store any more.</param>
/// <param name="EventType">Its stored name.</param>
/// <param name="Cause">The type of the exception.</param>
/// <param name="Since">When the projection stopped.</param>
public sealed record PoisonedEvent(long Sequence, Guid? EventId, string? EventType, string Cause, DateTimeOffset Since);

/// <summary>
/// A projection that stopped, as the node that ran it saw it: nothing personal. It is gone when the projection runs again.
/// </summary>
/// <param name="Id">The projection.</param>
/// <param name="Retries">Whether it tries again by itself.</param>
/// <param name="Sequence">The event that could not be projected, where one is to blame.</param>
/// <param name="EventType">That event's stored name.</param>
/// <param name="Cause">The type of the exception.</param>
/// <param name="StoppedAt">When it stopped.</param>
public sealed record ProjectionStop(
    string Id, bool Retries, long? Sequence, string? EventType, string Cause, DateTimeOffset StoppedAt)
{
    /// <summary>When an operator wanted it to run again.</summary>
    public DateTimeOffset? ResumptionAt { get; init; }

    [JsonIgnore]
    public string Where => Sequence is null ? "no single event" : $"event {Sequence} ({EventType ?? "of an unknown type"})";
}
