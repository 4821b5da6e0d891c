using System.ComponentModel.DataAnnotations;

namespace MfaEvents.Server.Notifications.Phone;

/// <summary>
/// The telephony gateway. Without one Development leaves its calls in <c>{DataDirectory}/outbox</c>; elsewhere no call is made.
/// </summary>
public sealed class TelephonySettings : IValidatableObject
{
    /// <summary>Where the gateway is: calls are asked for at <c>{Gateway}/calls</c>.</summary>
    public Uri? Gateway { get; init; }

    /// <summary>The bearer token that the gateway asks us for, if it does.</summary>
    public string? Token { get; init; }

    /// <summary>What the gateway signs its answers with (HMAC-SHA256): the UTF-8 bytes of this text.</summary>
    [StringLength(1024, MinimumLength = 32, ErrorMessage = "It must have at least 32 characters.")]
    public string? Secret { get; init; }

    /// <summary>How long the gateway may take to accept a call.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the digits of a call are good for.</summary>
    [Range(typeof(TimeSpan), "00:00:30", "00:10:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan DigitsLifetime { get; init; } = TimeSpan.FromMinutes(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Gateway is null) yield break;
        if (Gateway is not { IsAbsoluteUri: true, Scheme: "http" or "https", Query: "", Fragment: "" })
            yield return new ValidationResult("It must be an https address.", [nameof(Gateway)]);
        else if (Gateway.Scheme != Uri.UriSchemeHttps && !Gateway.IsLoopback)
            yield return new ValidationResult("It must be an https address, unless it is this machine.", [nameof(Gateway)]);
        if (Secret is null)
            yield return new ValidationResult("A gateway needs the secret that it signs its answers with.", [nameof(Secret)]);
    }
}
