using System.ComponentModel.DataAnnotations;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;
using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Notifications.Mail;
using MfaEvents.Server.Notifications.Phone;

namespace MfaEvents.Server.Setup;

/// <summary>
/// The settings below <c>MfaEvents:</c>. A wrong or unknown one stops the process at start with a sentence that names it.
/// </summary>
public sealed class MfaEventsSettings : IValidatableObject
{
    public const string Section = "MfaEvents";

    /// <summary>Where the embedded database, the keys and the outbox live.</summary>
    [Required]
    public string DataDirectory { get; init; } = ".data";

    /// <summary>The name an authenticator app shows beside a device.</summary>
    [Required, StringLength(64, MinimumLength = 1)]
    public string Issuer { get; init; } = "MfaEvents";

    /// <summary>Where the world reaches this product: the issuer of its access tokens, and the beginning of its links.</summary>
    [Required]
    public Uri PublicUrl { get; init; } = new("http://localhost:5080");

    /// <summary>How old a sign-in may be for changing devices, contact or password.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan FreshSignIn { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the answer to a request with an Idempotency-Key is remembered.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan IdempotencyLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How many anonymous requests a client address may send in a minute, to each node.</summary>
    [Range(1, 1_000_000)]
    public int PerAddressPerMinute { get; init; } = 60;

    /// <summary>The proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses or CIDR networks.</summary>
    [Networks]
    public IReadOnlyList<string> KnownProxies { get; init; } = [];

    /// <summary>How many connections a node holds at once; more are closed as they come.</summary>
    [Range(1, 1_000_000)]
    public int ConnectionLimit { get; init; } = 10_000;

    /// <summary>The policies for devices and their codes.</summary>
    public DevicePolicy Devices { get; init; } = new();

    /// <summary>How long challenges, tokens and sessions are good for.</summary>
    public SignInPolicy SignIn { get; init; } = new();

    /// <summary>The policies for the root user's recovery.</summary>
    public RecoveryPolicy Recovery { get; init; } = new();

    /// <summary>What the support desk needs before it removes MFA, and how long it takes.</summary>
    public SupportPolicy Support { get; init; } = new();

    /// <summary>The OpenID Connect issuers whose tokens are accepted.</summary>
    public IReadOnlyList<TrustedIssuer> Issuers { get; init; } = [];

    /// <summary>The telephony gateway.</summary>
    public TelephonySettings Telephony { get; init; } = new();

    /// <summary>The key ring.</summary>
    public KeySettings Keys { get; init; } = new();

    /// <summary>The audit log outside of the database.</summary>
    public AuditSettings Audit { get; init; } = new();

    /// <summary>The policies for contact information.</summary>
    public ContactPolicy Contact { get; init; } = new();

    /// <summary>How long somebody who was told of an event may say that it was not theirs.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan NoticeLinkLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The mail server.</summary>
    public MailSettings Mail { get; init; } = new();

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
            return settings;
        }
        catch (InvalidOperationException exception)
        {
            throw new SettingsException($"The configuration is wrong: {exception.Message}", exception);
        }
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl is not { IsAbsoluteUri: true, Scheme: "http" or "https", Query: "", Fragment: "" })
            yield return new ValidationResult("It must be an http or https address.", [nameof(PublicUrl)]);
        if (Issuers.Count(issuer => issuer.IssuesDeskRoles) > 1)
            yield return new ValidationResult("Support roles come from one issuer only.", [nameof(Issuers)]);
    }

    // A setting and, where it is a group or a list of groups, what is in it.
    private static void Check(object settings, string section)
    {
        var results = new List<ValidationResult>();
        if (!Validator.TryValidateObject(settings, new ValidationContext(settings), results, validateAllProperties: true))
            throw new SettingsException(
                $"The configuration is wrong: {section}:{results[0].MemberNames.First()}: {results[0].ErrorMessage}");

        foreach (var property in settings.GetType().GetProperties())
        {
            var (name, value) = ($"{section}:{property.Name}", property.GetValue(settings));
            if (value is not null && IsOurs(property.PropertyType)) Check(value, name);
            if (IsOurs(property.PropertyType.GenericTypeArguments.FirstOrDefault()))
                foreach (var (index, inner) in ((IEnumerable<object>)value!).Index()) Check(inner, $"{name}:{index}");
        }
    }

    private static bool IsOurs(Type? type) =>
        type is { IsClass: true } && type.Namespace!.StartsWith("MfaEvents.", StringComparison.Ordinal);
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
