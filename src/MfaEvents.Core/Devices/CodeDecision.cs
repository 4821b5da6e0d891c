namespace MfaEvents.Core.Devices;

/// <summary>What the caller who submitted a code, or a pair of codes, is told.</summary>
public enum CodeOutcome
{
    /// <summary>The codes did what they were submitted for.</summary>
    Accepted,

    /// <summary>The pair associated the device, but too late: it is out of sync.</summary>
    OutOfSync,

    /// <summary>The pair was recognised from so far away that a second, later pair must confirm it.</summary>
    AgainPlease,

    /// <summary>Refused; whether it was wrong, replayed or too old is not told.</summary>
    Refused,

    /// <summary>Refused, and the device needs a resync before any code of it is accepted.</summary>
    ResyncRequired,

    /// <summary>The device is not activated yet. Nothing was evaluated.</summary>
    DevicePending,

    /// <summary>The device is activated already. Nothing was evaluated.</summary>
    DeviceAlreadyActive,

    /// <summary>Too many failures in a row: nothing is evaluated before the wait is over.</summary>
    Wait,
}

/// <summary>A decision about codes: what the caller is told and what happened.</summary>
/// <param name="Outcome">What the caller is told.</param>
/// <param name="Events">What happened; empty when nothing was evaluated.</param>
/// <param name="DriftSteps">The device's drift after a resync.</param>
/// <param name="WaitSeconds">How long to wait, when it is that.</param>
public sealed record CodeDecision(CodeOutcome Outcome, IReadOnlyList<object> Events, int DriftSteps = 0, int WaitSeconds = 0);
