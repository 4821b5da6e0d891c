using System.ComponentModel.DataAnnotations;
using MfaEvents.Core.Devices;

namespace MfaEvents.Server.Setup;

/// <summary>The settings below <c>MfaEvents:</c>. A wrong one stops the process at start with a sentence that names it.</summary>
public sealed class MfaEventsSettings
{
    public const string Section = "MfaEvents";

    /// <summary>Where the embedded database, the key ring and the outbox live.</summary>
    [Required]
    public string DataDirectory { get; init; } = ".data";

    /// <summary>The name an authenticator app shows beside a device.</summary>
    [Required, StringLength(64, MinimumLength = 1)]
    public string Issuer { get; init; } = "MfaEvents";

    /// <summary>How old a sign-in may be for changing devices, contact or password.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan FreshSignIn { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the answer to a request with an Idempotency-Key is remembered.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan IdempotencyLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The policies for devices and their codes.</summary>
    public DevicePolicy Devices { get; init; } = new();
}
