using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Notifications.Phone;

/// <summary>
/// How the gateway signs what it sends:
/// <c>Telephony-Signature: t={unix seconds},v1={hex HMAC-SHA256(secret, t + "." + body)}</c>.
/// </summary>
public sealed partial record TelephonySignature(long At, byte[] Mac)
{
    public const string Header = "Telephony-Signature";

    /// <summary>How far from now its time stamp may lie, before or after.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    public static TelephonySignature Make(byte[] secret, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var at = now.ToUnixTimeSeconds();
        return new TelephonySignature(at, Compute(secret, at, body));
    }

    /// <summary>The signature in a header; null for anything else.</summary>
    public static TelephonySignature? Parse(string? header) =>
        header is not null
        && Form().Match(header) is { Success: true } match
        && long.TryParse(match.Groups["t"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? new TelephonySignature(at, Convert.FromHexString(match.Groups["mac"].Value))
            : null;

    public bool Fits(byte[] secret, ReadOnlySpan<byte> body, DateTimeOffset now) =>
        CryptographicOperations.FixedTimeEquals(Compute(secret, At, body), Mac)
        && Math.Abs(now.ToUnixTimeSeconds() - At) <= Lifetime.TotalSeconds;

    /// <summary>Under which id it is remembered that it has served.</summary>
    public string SeenId() => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Text())));

    public string Text() => $"t={At.ToString(CultureInfo.InvariantCulture)},v1={Convert.ToHexStringLower(Mac)}";

    private static byte[] Compute(byte[] secret, long at, ReadOnlySpan<byte> body) =>
        HMACSHA256.HashData(
            secret, (byte[])[.. Encoding.ASCII.GetBytes(at.ToString(CultureInfo.InvariantCulture)), (byte)'.', .. body]);

    [GeneratedRegex(@"\At=(?<t>[1-9][0-9]{0,11}),v1=(?<mac>[0-9A-Fa-f]{64})\z")]
    private static partial Regex Form();
}

/// <summary>What the gateway signs with: the configured secret, or in Development one of its own.</summary>
public sealed class TelephonySecret(MfaEventsSettings settings, IHostEnvironment environment)
{
    private readonly Lazy<byte[]?> secret = new(
        () => settings.Telephony.Secret is not null || environment.IsDevelopment() ? Of(settings) : null);

    /// <summary>Null when nobody can sign.</summary>
    public byte[]? Value => secret.Value;

    /// <summary>The configured one, else that of Development in the folder of the keys, made when it is not there yet.</summary>
    public static byte[] Of(MfaEventsSettings settings)
    {
        if (settings.Telephony.Secret is { } configured) return Encoding.UTF8.GetBytes(configured);
        var file = Path.Combine(KeyFolder.In(settings.DataDirectory).FullName, "development-telephony.key");
        PrivateFile.Make(file, () => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        return Encoding.UTF8.GetBytes(File.ReadAllText(file));
    }
}
