using System.ComponentModel.DataAnnotations;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Devices;

/// <summary>The policies that govern devices and their codes. Steps are time steps of 30 s.</summary>
public sealed record DevicePolicy
{
    /// <summary>Devices per principal, in any state and any mix (AWS IAM: eight).</summary>
    [Range(1, 64)]
    public int DeviceLimit { get; init; } = 8;

    /// <summary>
    /// How many steps a code may lie before or after the device's drift at sign-in (RFC 6238 5.2: at most one).
    /// </summary>
    [Range(0, 1)]
    public int SignInWindow { get; init; } = 1;

    /// <summary>
    /// How many steps around the server's own step are searched at activation, resync and out-of-sync detection.
    /// </summary>
    /// <remarks>A pair of codes in 241 positions guesses at 2.4e-10.</remarks>
    [Range(2, 2880)]
    public int SearchWindow { get; init; } = 120;

    /// <summary>
    /// The farthest that use moves a device's drift, in steps, and the farthest that one pair of codes resyncs it.
    /// </summary>
    [Range(0, 120)]
    public int DriftLimit { get; init; } = 10;

    /// <summary>
    /// How many accepted codes in a row must lie on the same edge of the window before the drift moves one step.
    /// </summary>
    [Range(1, 100)]
    public int DriftRun { get; init; } = 3;

    /// <summary>The least time between two such moves.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan DriftPause { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How many refused codes in a row, each valid elsewhere in the search window, show that a device is out of sync.
    /// </summary>
    [Range(1, 100)]
    public int OutOfSyncRun { get; init; } = 3;

    /// <summary>
    /// How long a noted pair from beyond <see cref="DriftLimit"/> waits for the second one that confirms its offset.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:30", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan ResyncConfirmation { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long an assigned device may wait for its activation before it is removed.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan PendingLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How failures are slowed down and stopped; the schedule of its waits is that of passwords too.</summary>
    public ThrottlePolicy Throttle { get; init; } = new();
}
