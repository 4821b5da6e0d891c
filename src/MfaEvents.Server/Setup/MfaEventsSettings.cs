using System.ComponentModel.DataAnnotations;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Setup;

/// <summary>
/// The settings below <c>MfaEvents:</c>. A wrong or unknown one stops the process at start with a sentence that names it.
/// </summary>
public sealed class MfaEventsSettings
{
    public const string Section = "MfaEvents";

    /// <summary>Where the embedded database and the keys live.</summary>
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

    /// <summary>The OpenID Connect issuers whose tokens are accepted.</summary>
    public IReadOnlyList<TrustedIssuer> Issuers { get; init; } = [];

    /// <summary>The key ring.</summary>
    public KeySettings Keys { get; init; } = new();

    /// <summary>Where the binaries of the embedded database are.</summary>
    public EmbeddedPostgresSettings EmbeddedPostgres { get; init; } = new();

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="SettingsException">One of them is wrong or unknown; the message names it in one sentence.</exception>
    public static MfaEventsSettings Read(IConfiguration configuration)
    {
        try
        {
            var section = configuration.GetSection(Section);
            var settings = section.Get<MfaEventsSettings>(binder => binder.ErrorOnUnknownConfiguration = true) ?? new();
            Check(settings, Section);
            Check(settings.Devices, $"{Section}:{nameof(Devices)}");
            Check(settings.Keys, $"{Section}:{nameof(Keys)}");
            if (settings.Keys.Certificate is { } certificate)
                Check(certificate, $"{Section}:{nameof(Keys)}:{nameof(KeySettings.Certificate)}");
            for (var i = 0; i < settings.Keys.FormerCertificates.Count; i++)
                Check(settings.Keys.FormerCertificates[i], $"{Section}:{nameof(Keys)}:{nameof(KeySettings.FormerCertificates)}:{i}");
            if (settings.Keys is { Storage: KeyStorage.Database, Certificate: null })
                throw new SettingsException(
                    $"The configuration is wrong: {Section}:{nameof(Keys)}:{nameof(KeySettings.Certificate)}:"
                    + " keys that lie in the database need a certificate.");
            for (var i = 0; i < settings.Issuers.Count; i++) Check(settings.Issuers[i], $"{Section}:{nameof(Issuers)}:{i}");
            if (settings.Issuers.Count(issuer => issuer.IssuesDeskRoles) > 1)
                throw new SettingsException(
                    $"The configuration is wrong: {Section}:{nameof(Issuers)}: support roles come from one issuer only.");
            return settings;
        }
        catch (InvalidOperationException exception)
        {
            throw new SettingsException($"The configuration is wrong: {exception.Message}", exception);
        }
    }

    private static void Check(object settings, string section)
    {
        var results = new List<ValidationResult>();
        if (Validator.TryValidateObject(settings, new ValidationContext(settings), results, validateAllProperties: true)) return;
        throw new SettingsException(
            $"The configuration is wrong: {section}:{results[0].MemberNames.First()}: {results[0].ErrorMessage}");
    }
}

/// <summary>Where the embedded PostgreSQL finds its binaries.</summary>
public sealed class EmbeddedPostgresSettings
{
    /// <summary>A folder with PostgreSQL's programs, used before any other.</summary>
    public string? Binaries { get; init; }

    /// <summary>The folder in which <c>ops/run</c> keeps the binaries that it fetched.</summary>
    public string? Cache { get; init; }
}

/// <summary>The process cannot start as it is configured. The message is for the operator.</summary>
public sealed class SettingsException(string message, Exception? inner = null) : Exception(message, inner);
