using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Audit.WhatIf;

/// <summary>An event of a stream.</summary>
public sealed record Happened(long Version, object Event, DateTimeOffset At);

/// <summary>What happened in one decision: its first event, and those that followed from it alone.</summary>
/// <param name="Head">What somebody did, or what was done about it.</param>
/// <param name="Followed">What came of it by the policies of the day: a wait, a suspension, a drift.</param>
public sealed record Act(Happened Head, IReadOnlyList<object> Followed)
{
    /// <summary>The version of its last event.</summary>
    public long LastVersion => Head.Version + Followed.Count;

    /// <summary>
    /// The acts that events tell, in their order. What follows the last one may still be to come: whoever has a page of a stream leaves its
    /// last act to the next page.
    /// </summary>
    public static IReadOnlyList<Act> Of(IEnumerable<Happened> events)
    {
        var acts = new List<Act>();
        foreach (var happened in events)
            if (acts.Count > 0 && Follows(happened.Event)) acts[^1] = acts[^1] with { Followed = [.. acts[^1].Followed, happened.Event] };
            else acts.Add(new Act(happened, []));
        return acts;
    }

    private static bool Follows(object @event) => @event is DeviceOutOfSync or DeviceSuspended or DeviceDriftMoved or AttemptsThrottled
        or EnrolmentAttemptsThrottled or DeviceRemoved { Reason: RemovalReason.Discarded };
}
