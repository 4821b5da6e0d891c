using MfaEvents.Core.Devices;

namespace MfaEvents.Core.Audit.WhatIf;

/// <summary>An attempt that would have ended differently, or may have.</summary>
/// <param name="Version">The version of its event in the principal's stream.</param>
/// <param name="At">When it was made.</param>
/// <param name="DeviceId">The device; null for an enrolment code.</param>
/// <param name="Purpose">What the code was submitted for.</param>
/// <param name="Was">How it ended.</param>
/// <param name="WasBecause">Why it was refused, where it was.</param>
/// <param name="WouldBe">How it would have ended.</param>
/// <param name="WouldBeBecause">Why it would have been refused, where it would.</param>
/// <param name="IsCertain">
/// Whether this and all before it is what would have happened. It is not once a code counted of which history says too little: that code
/// itself is told with what it would be as a wrong one, even if it was refused then too.
/// </param>
public sealed record WhatIfDifference(
    long Version,
    DateTimeOffset At,
    Guid? DeviceId,
    AttemptPurpose Purpose,
    AttemptEnd Was,
    RejectionReason? WasBecause,
    AttemptEnd WouldBe,
    RejectionReason? WouldBeBecause,
    bool IsCertain);

/// <summary>What was submitted, and for what.</summary>
public enum AttemptPurpose
{
    Verification,
    SignIn,
    Activation,
    Resync,

    /// <summary>The code that the desk hands out, in the place of a device.</summary>
    Enrolment,
}

/// <summary>How an attempt ends, as its caller learns it.</summary>
public enum AttemptEnd
{
    /// <summary>The codes did what they were submitted for.</summary>
    Accepted,

    /// <summary>The pair associated the device, which is out of sync.</summary>
    OutOfSync,

    /// <summary>A second, later pair must confirm the first.</summary>
    AgainPlease,

    Refused,

    /// <summary>Refused, and the device needs a resync.</summary>
    ResyncRequired,

    /// <summary>Refused during a wait, without being looked at.</summary>
    Throttled,

    /// <summary>The device would not be activated yet.</summary>
    DevicePending,

    /// <summary>The device would be activated already.</summary>
    DeviceAlreadyActive,

    /// <summary>The device would have been discarded.</summary>
    DeviceGone,
}
