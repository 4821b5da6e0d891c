using System.Diagnostics.Metrics;
using MfaEvents.Server.Operations;

namespace MfaEvents.Server.Audit.Push;

/// <summary>What the node that pushes counts; a node without the turn shows nothing.</summary>
public sealed class PushMetrics : IDisposable
{
    private readonly Meter meter;
    private readonly Counter<long> events;
    private readonly Counter<long> failures;
    private (long Lag, DateTimeOffset? Oldest)? seen;

    public PushMetrics(IMeterFactory meters, TimeProvider clock)
    {
        meter = meters.Create(MfaMetrics.MeterName);
        events = meter.CreateCounter<long>("mfaevents.audit_push.events", "{event}", "Events that the receiver took, or that were given up.");
        failures = meter.CreateCounter<long>("mfaevents.audit_push.failures", "{post}", "Posts that did not arrive, or were refused.");
        meter.CreateObservableGauge(
            "mfaevents.audit_push.lag",
            () => seen is { } now ? (Measurement<long>[])[new(now.Lag)] : [],
            "{event}",
            "Numbers of the event sequence between the audit trail and what was pushed of it.");
        meter.CreateObservableGauge(
            "mfaevents.audit_push.lag_time",
            () => seen is { } now
                ? (Measurement<double>[])[new(now.Oldest is { } oldest ? Math.Max(0, (clock.GetUtcNow() - oldest).TotalSeconds) : 0)]
                : [],
            "s",
            "How long ago the oldest event happened that was not pushed yet.");
    }

    public void Deliver(int count) => events.Add(count, new KeyValuePair<string, object?>("outcome", "delivered"));

    public void GiveUp() => events.Add(1, new KeyValuePair<string, object?>("outcome", "givenUp"));

    /// <summary>Counts a post that did not deliver; the cause is a status, <c>timeout</c> or <c>network</c>.</summary>
    public void Fail(string cause) => failures.Add(1, new KeyValuePair<string, object?>("cause", cause));

    public void Observe(long lag, DateTimeOffset? oldest) => seen = (lag, oldest);

    public void Forget() => seen = null;

    public void Dispose() => meter.Dispose();
}
