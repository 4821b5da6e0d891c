using System.Collections.Immutable;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Devices;

/// <summary>What kind of authenticator a device is.</summary>
public enum DeviceType
{
    /// <summary>An authenticator app that holds a shared secret (TOTP).</summary>
    Virtual,
}

/// <summary>Where a device stands in its life.</summary>
public enum DeviceStatus
{
    /// <summary>Assigned, its secret shown, no code submitted yet. It serves for nothing and expires.</summary>
    Pending,

    /// <summary>Its codes sign in.</summary>
    Active,

    /// <summary>Its codes are recognised, but from a time too far away to sign in with; two fresh ones resync it.</summary>
    OutOfSync,

    /// <summary>
    /// Out of use after too many failures in a row. A resync by somebody who proved another factor, a recovery or its removal
    /// ends that.
    /// </summary>
    Suspended,
}

/// <summary>One MFA device of a principal, as its events leave it.</summary>
public sealed record MfaDevice
{
    public required Guid DeviceId { get; init; }

    public required string Name { get; init; }

    public required DeviceType Type { get; init; }

    public required DeviceStatus Status { get; init; }

    public required DateTimeOffset AssignedAt { get; init; }

    public DateTimeOffset? ActivatedAt { get; init; }

    /// <summary>When a code of it was last accepted for a sign-in or verification.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The remembered offset of its clock in steps (RFC 6238 6): negative when it is slow.</summary>
    public int DriftSteps { get; init; }

    /// <summary>The latest step that was accepted; it and every earlier one are spent (RFC 6238 5.2).</summary>
    public long? LastUsedStep { get; init; }

    /// <summary>Refused codes of this device in a row, since its last accepted one.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>The last wait that those failures began.</summary>
    public Wait? Wait { get; init; }

    /// <summary>How its clock runs, by its accepted codes.</summary>
    public DriftTrend? Trend { get; init; }

    /// <summary>
    /// Accepted codes in a row on one edge of the window: positive for the late edge, negative for the early one.
    /// </summary>
    public int EdgeRun { get; init; }

    /// <summary>When use last moved the drift.</summary>
    public DateTimeOffset? DriftMovedAt { get; init; }

    /// <summary>The steps of refused codes in a row that were valid elsewhere in the search window, each once.</summary>
    public ImmutableArray<long> StraySteps { get; init; } = [];

    /// <summary>A pair of codes from beyond the drift limit that awaits its confirmation.</summary>
    public NotedPair? NotedPair { get; init; }

    /// <summary>Whether the device was ever activated: it is then a second factor of its principal, in whatever state.</summary>
    public bool WasActivated => Status != DeviceStatus.Pending;

    public bool HasSpent(long step) => step <= LastUsedStep;
}

/// <summary>The first of the two pairs that move a device beyond the drift limit.</summary>
/// <param name="DriftSteps">The offset of the pair, in steps.</param>
/// <param name="At">When it was submitted.</param>
public sealed record NotedPair(int DriftSteps, DateTimeOffset At);
