using System.Text.Json.Serialization;

namespace MfaEvents.Core.SignIn;

// A storage format: never edited, only superseded. Who, when and from where is metadata.

/// <summary>What somebody proved who they are with (RFC 8176).</summary>
public enum Factor
{
    /// <summary>Something known: the password.</summary>
    Password,

    /// <summary>Something held: a device that shows one-time passwords.</summary>
    Otp,

    /// <summary>The code that the desk handed to the proven owner after it removed every device.</summary>
    EnrolmentCode,

    /// <summary>E-mail address and phone on file, in the place of a device.</summary>
    Recovery,
}

/// <summary>A principal signed in, and a session began.</summary>
/// <param name="SessionId">The session.</param>
/// <param name="Factor">What completed it: the password alone, or a device after it.</param>
/// <param name="DeviceId">The device whose code it was.</param>
/// <param name="FailuresBefore">How many passwords and codes in a row were wrong before, where any were.</param>
/// <param name="UnderWatch">Set in the time after a removal by support.</param>
public sealed record SignedIn(
    Guid SessionId,
    Factor Factor,
    Guid? DeviceId,
    int? FailuresBefore = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? UnderWatch = null);

/// <summary>A sign-in was refused.</summary>
/// <param name="Factor">What was wrong.</param>
/// <param name="DeviceId">The device whose code it should have been.</param>
/// <param name="ConsecutiveFailures">
/// Of a code: how many in a row, after right passwords, with this one. Wrong passwords are counted apart.
/// </param>
public sealed record SignInRefused(Factor Factor, Guid? DeviceId, int? ConsecutiveFailures = null);

/// <summary>Somebody who was told of an event says that it was not theirs.</summary>
/// <param name="Version">The event's version in this stream.</param>
public sealed record NoticeRepudiated(long Version);

/// <summary>A wrong enrolment code.</summary>
public sealed record EnrolmentCodeRejected;

/// <summary>Refused codes in a row begin a wait for the principal.</summary>
/// <param name="WaitSeconds">How long it lasts.</param>
public sealed record EnrolmentAttemptsThrottled(int WaitSeconds);

/// <summary>Wrong passwords in a row from one client address begin a wait for this name from that address.</summary>
/// <param name="ConsecutiveFailures">How many they are.</param>
/// <param name="WaitSeconds">How long the wait lasts.</param>
public sealed record PasswordAttemptsThrottled(int ConsecutiveFailures, int WaitSeconds);

/// <summary>One session ended.</summary>
public sealed record SessionEnded(Guid SessionId);

/// <summary>All sessions of the principal ended, but one.</summary>
/// <param name="Reason">Why.</param>
/// <param name="KeptSessionId">The session that goes on: the one that asked for it.</param>
public sealed record SessionsEnded(SessionsEndReason Reason, Guid? KeptSessionId);

/// <summary>Why the sessions of a principal ended.</summary>
public enum SessionsEndReason
{
    /// <summary>Somebody asked for it.</summary>
    Requested,

    /// <summary>The first device was activated: a session by password alone may be a thief's.</summary>
    FirstDeviceActivated,

    DeviceRemoved,

    PasswordChanged,

    MfaRemovedBySupport,

    /// <summary>The root user got in without its device.</summary>
    Recovered,

    /// <summary>The owner said that something was not them.</summary>
    Repudiated,
}
