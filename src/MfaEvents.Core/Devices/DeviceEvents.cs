namespace MfaEvents.Core.Devices;

// A storage format: never edited, only superseded. Who, when, from where and why is metadata; no code and no secret is here.

/// <summary>An event about one device.</summary>
public interface IDeviceEvent
{
    Guid DeviceId { get; }
}

/// <summary>The principal exists and may have devices.</summary>
public sealed record PrincipalCreated;

/// <summary>The principal is gone with its account's user; its name is never given again.</summary>
public sealed record PrincipalDeleted;

public sealed record PasswordChanged;

public sealed record DeviceAssigned(Guid DeviceId, string DeviceName, DeviceType DeviceType) : IDeviceEvent;

/// <summary>Two consecutive codes associated the device.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="Step">The step of the second code; the first belonged to the step before. Both are spent.</param>
/// <param name="DriftSteps">How far the second code lay from the server's step.</param>
public sealed record DeviceActivated(Guid DeviceId, long Step, int DriftSteps) : IDeviceEvent;

/// <summary>The device's codes come from a time too far away to sign in with.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="DriftSteps">How far away its last code lay, in steps.</param>
public sealed record DeviceOutOfSync(Guid DeviceId, int DriftSteps) : IDeviceEvent;

/// <summary>
/// A pair of codes from beyond the drift limit was recognised, and is spent; a second one must confirm its offset.
/// </summary>
public sealed record DeviceResyncNoted(Guid DeviceId, long Step, int DriftSteps) : IDeviceEvent;

/// <summary>Two consecutive codes set the device's drift.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="Step">The step of the second code; both are spent.</param>
/// <param name="DriftSteps">The drift that is remembered from now on.</param>
public sealed record DeviceResynced(Guid DeviceId, long Step, int DriftSteps) : IDeviceEvent;

/// <summary>Use moved the remembered drift by one step.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="DriftSteps">The drift that is remembered from now on.</param>
public sealed record DeviceDriftMoved(Guid DeviceId, int DriftSteps) : IDeviceEvent;

/// <summary>A code was accepted, and is spent.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="Step">The step it belonged to.</param>
/// <param name="DriftSteps">How far that step lay from the server's.</param>
/// <param name="Purpose">What it was submitted for.</param>
public sealed record CodeAccepted(
    Guid DeviceId, long Step, int DriftSteps, CodePurpose Purpose = CodePurpose.Verification) : IDeviceEvent;

/// <summary>A code, or a pair of codes, was refused.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="Purpose">What it was submitted for.</param>
/// <param name="Reason">Why it was refused; the caller is not told.</param>
/// <param name="Step">The step it belonged to, where one was found.</param>
/// <param name="DriftSteps">How far that step lay from the server's.</param>
public sealed record CodeRejected(
    Guid DeviceId, CodePurpose Purpose, RejectionReason Reason, long? Step = null, int? DriftSteps = null) : IDeviceEvent;

/// <summary>Refused codes in a row begin a wait, for the device, for the principal's every device, or both.</summary>
/// <param name="DeviceId">The device whose code was the last one.</param>
/// <param name="DeviceWaitSeconds">How long that device waits; 0 when its own failures begin no wait.</param>
/// <param name="PrincipalWaitSeconds">How long every device waits; 0 when the principal's failures begin no wait.</param>
public sealed record AttemptsThrottled(Guid DeviceId, int DeviceWaitSeconds, int PrincipalWaitSeconds) : IDeviceEvent;

/// <summary>So many codes in a row were refused that the device is out of use (NIST SP 800-63B-4 3.2.2).</summary>
public sealed record DeviceSuspended(Guid DeviceId, int ConsecutiveFailures) : IDeviceEvent;

public sealed record DeviceRenamed(Guid DeviceId, string DeviceName, string PreviousName) : IDeviceEvent;

public sealed record DeviceRemoved(Guid DeviceId, RemovalReason Reason) : IDeviceEvent;

/// <summary>Support removed every device. The password alone signs nobody in until one is activated.</summary>
/// <param name="CaseId">The case in which two people decided it.</param>
/// <param name="Devices">How many devices there were; each has an event of its own before this one.</param>
/// <param name="WatchedUntil">Until when sign-ins are flagged.</param>
public sealed record MfaRemovedBySupport(Guid CaseId, int Devices, DateTimeOffset WatchedUntil);

/// <summary>What a code was submitted for.</summary>
public enum CodePurpose
{
    Verification,
    Activation,
    Resync,
    SignIn,
}

/// <summary>Why a code was refused.</summary>
public enum RejectionReason
{
    /// <summary>The device shows it at no time in the search window.</summary>
    Wrong,

    /// <summary>Its step, or a later one, was used before.</summary>
    Replayed,

    /// <summary>The device shows it, but too long ago or not yet.</summary>
    OutsideWindow,

    /// <summary>The device is out of sync and accepts no single code; this one was not looked at.</summary>
    OutOfSync,

    /// <summary>The device is suspended and accepts no code.</summary>
    Suspended,
}

/// <summary>Why a device was removed.</summary>
public enum RemovalReason
{
    /// <summary>Somebody asked for it.</summary>
    Requested,

    /// <summary>It was assigned and never activated.</summary>
    Expired,

    /// <summary>It was pending when the principal's first device was activated: it may have been a thief's.</summary>
    Discarded,

    /// <summary>Support removed all devices of the principal.</summary>
    Support,

    /// <summary>It came of a recovery that the owner repudiated.</summary>
    Repudiated,
}
