using System.ComponentModel.DataAnnotations;
using System.Text;

namespace MfaEvents.Server.Audit.Push;

/// <summary>The receiver that the events of all accounts are pushed to. Without an address nothing is pushed.</summary>
public sealed class PushSettings : IValidatableObject
{
    private const string SecretPrefix = "whsec_";
    private const int LeastSecret = 32;

    /// <summary>Where batches of CloudEvents are posted to.</summary>
    public Uri? Url { get; init; }

    /// <summary>What they are signed with: <c>whsec_</c> and base64, or any other text, whose UTF-8 bytes count; 32 bytes at least.</summary>
    public string? Secret { get; init; }

    /// <summary>How long the receiver may take to answer.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many events are posted together at most.</summary>
    [Range(1, 1000)]
    public int BatchSize { get; init; } = 100;

    /// <summary>How long to wait after the first attempt that failed; twice as long after each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long to wait at most, unless the receiver asks for longer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(5);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Url is null) yield break;
        if (Url is not { IsAbsoluteUri: true, Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "" })
            yield return new ValidationResult("It must be an https address without anything secret in it.", [nameof(Url)]);
        else if (Url.Scheme != Uri.UriSchemeHttps && !Url.IsLoopback)
            yield return new ValidationResult("It must be an https address, unless it is this machine.", [nameof(Url)]);
        if (Key() is not { Length: >= LeastSecret })
            yield return new ValidationResult(
                "It must have at least 32 bytes, and be base64 behind whsec_ if it begins so.", [nameof(Secret)]);
    }

    /// <summary>The key of the signature; null when the secret is none.</summary>
    public byte[]? Key()
    {
        if (Secret is null) return null;
        if (!Secret.StartsWith(SecretPrefix, StringComparison.Ordinal)) return Encoding.UTF8.GetBytes(Secret);
        var key = new byte[Secret.Length];
        return Convert.TryFromBase64String(Secret[SecretPrefix.Length..], key, out var length) ? key[..length] : null;
    }
}
