namespace MfaEvents.Core.Devices.Totp;

/// <summary>Where a submitted code, or pair of codes, was found.</summary>
public enum CodePlace
{
    /// <summary>The device would not have shown it at any time in the search window.</summary>
    Nowhere,

    /// <summary>Within the sign-in window, on a step later than the last used one.</summary>
    InWindow,

    /// <summary>Within the search window only, on a step later than the last used one.</summary>
    OutsideWindow,

    /// <summary>On a step that is not later than the last used one: a replay.</summary>
    Spent,
}

/// <summary>The outcome of looking for a code.</summary>
/// <param name="Place">Where it was found.</param>
/// <param name="Step">The time step it belongs to; null when it was found nowhere.</param>
/// <param name="DriftSteps">That step less the server's current step: negative for a code from the past.</param>
public sealed record CodeMatch(CodePlace Place, long? Step, int? DriftSteps)
{
    public static CodeMatch None { get; } = new(CodePlace.Nowhere, null, null);
}
