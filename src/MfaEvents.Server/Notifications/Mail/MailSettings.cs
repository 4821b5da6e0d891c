using System.ComponentModel.DataAnnotations;
using System.Net;
using MimeKit;

namespace MfaEvents.Server.Notifications.Mail;

/// <summary>How the connection to the mail server is protected.</summary>
public enum MailSecurity
{
    /// <summary>It becomes TLS before anything is said (RFC 3207), or nothing is.</summary>
    StartTls,

    /// <summary>It is TLS from its first byte (RFC 8314).</summary>
    ImplicitTls,

    /// <summary>It is not.</summary>
    None,
}

/// <summary>The mail server. Without one mail lands as files in <c>{DataDirectory}/outbox</c>.</summary>
public sealed class MailSettings : IValidatableObject
{
    /// <summary>The mail server's name or address.</summary>
    public string? Host { get; init; }

    /// <summary>Its port: 587 unless it is said, and 465 with <see cref="MailSecurity.ImplicitTls"/>.</summary>
    [Range(1, 65535)]
    public int? Port { get; init; }

    /// <summary>How the connection is protected.</summary>
    public MailSecurity Security { get; init; }

    /// <summary>A PEM file with the authority of the server's certificate, where it is none that the system knows.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>Whether mail may go unprotected to a server on another machine.</summary>
    public bool AllowUnprotected { get; init; }

    /// <summary>Whom this product signs in as.</summary>
    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>Whom mail comes from, with or without a name; <c>no-reply</c> at the host of the public address unless it is said.</summary>
    public string? From { get; init; }

    /// <summary>How long the server may take for one mail.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(30);

    internal int PortOrDefault => Port ?? (Security == MailSecurity.ImplicitTls ? 465 : 587);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (From is not null && !(MailboxAddress.TryParse(From, out var from) && from.Address.Contains('@', StringComparison.Ordinal)))
            yield return new ValidationResult("It must be an e-mail address.", [nameof(From)]);
        if (Host is { Length: 0 }) yield return new ValidationResult("It must name a server, or be left out.", [nameof(Host)]);
        if (Security == MailSecurity.None && Host is not null && !AllowUnprotected && !IsLoopback(Host))
            yield return new ValidationResult(
                $"Mail to another machine needs TLS, or {nameof(AllowUnprotected)}.", [nameof(Security)]);
        if (User is null != Password is null)
            yield return new ValidationResult("User and password stand together.", [User is null ? nameof(User) : nameof(Password)]);
        if (CertificateAuthority is not null && !File.Exists(CertificateAuthority))
            yield return new ValidationResult("There is no such file.", [nameof(CertificateAuthority)]);
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
}
