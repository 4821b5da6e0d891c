using System.Globalization;
using System.Security.Claims;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Access;

/// <summary>Who asks: a person is issuer and subject, whatever roles the token names.</summary>
public sealed record Caller
{
    private static readonly string[] SecondFactors = ["otp", "hwk"];

    public required string Issuer { get; init; }

    public required string Subject { get; init; }

    public required IReadOnlySet<Role> Roles { get; init; }

    /// <summary>
    /// The accounts in the token; empty means every account for the roles that serve all of them, and none for the others.
    /// </summary>
    public required IReadOnlySet<string> Accounts { get; init; }

    /// <summary>An owner's own principal.</summary>
    public string? Principal { get; init; }

    /// <summary>The session of a token of our own; the tokens of others have none.</summary>
    public Guid? SessionId { get; init; }

    public required IReadOnlySet<string> AuthenticationMethods { get; init; }

    public DateTimeOffset? AuthenticatedAt { get; init; }

    public bool Is(Role role) => Roles.Contains(role);

    /// <summary>Whether this is the root user of its account.</summary>
    public bool IsRoot => Is(Role.Owner) && Principal == Core.Accounts.Principal.Root;

    /// <summary>The caller's session, when it is the principal's own.</summary>
    public Guid? SessionOf(string principal) => Principal == principal ? SessionId : null;

    /// <summary>Whether the caller may know that the account exists.</summary>
    public bool Sees(string accountId, Role inRole) => inRole switch
    {
        Role.Owner => Accounts.Count == 1 && Accounts.Contains(accountId) && Principal is not null,
        Role.Service => Accounts.Contains(accountId),
        _ => Accounts.Count == 0 || Accounts.Contains(accountId),
    };

    /// <summary>Whether the caller may know that the principal exists, given that it sees the account.</summary>
    public bool Sees(string accountId, string principal, Role inRole) =>
        Sees(accountId, inRole) && (inRole != Role.Owner || IsRoot || Principal == principal);

    /// <summary>
    /// Whether the caller may know why a code was refused and which step it belonged to: the account's root, support and
    /// auditors.
    /// </summary>
    public bool SeesReasons => IsRoot || Is(Role.Auditor) || Is(Role.SupportAgent) || Is(Role.SupportApprover);

    /// <summary>RFC 9470: whether the token's sign-in used a second factor.</summary>
    public bool UsedSecondFactor(bool recoveryServes) =>
        SecondFactors.Any(AuthenticationMethods.Contains) || (recoveryServes && AuthenticationMethods.Contains("recovery"));

    /// <summary>Whether the token's sign-in put a recovery, or support's code, in the place of a second factor.</summary>
    public bool CameWithoutDevice =>
        (AuthenticationMethods.Contains("recovery") || UsedEnrolmentCode) && !UsedSecondFactor(recoveryServes: false);

    /// <summary>Whether the token's sign-in used the code that support handed out after it removed every device.</summary>
    public bool UsedEnrolmentCode => AuthenticationMethods.Contains("enrolment");

    /// <summary>The caller of an authenticated request, or null when the token lacks what every token has.</summary>
    public static Caller? From(ClaimsPrincipal user)
    {
        if (user.Identity is not { IsAuthenticated: true }) return null;
        if (user.FindFirstValue(ClaimNames.Subject) is not { Length: > 0 } subject || subject.Any(char.IsControl)) return null;
        var principal = user.FindFirstValue(ClaimNames.Principal);
        if (principal is not null && !Target.IsPrincipal(principal)) return null;

        return new Caller
        {
            Issuer = user.FindFirstValue(ClaimNames.Issuer) ?? "",
            Subject = subject,
            Roles = user.FindAll(ClaimNames.Roles).Select(claim => RoleNames.Parse(claim.Value)).OfType<Role>().ToHashSet(),
            Accounts = user.FindAll(ClaimNames.Account).Select(claim => claim.Value).ToHashSet(StringComparer.Ordinal),
            Principal = principal,
            SessionId = Uuid.Parse(user.FindFirstValue(ClaimNames.Session)),
            AuthenticationMethods = user.FindAll(ClaimNames.AuthenticationMethods).Select(claim => claim.Value)
                .ToHashSet(StringComparer.Ordinal),
            AuthenticatedAt = user.FindFirstValue(ClaimNames.AuthenticatedAt) is { } time
                && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                    ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                    : null,
        };
    }
}

/// <summary>The claims of an access token (RFC 9068, RFC 8176 and our own).</summary>
public static class ClaimNames
{
    public const string Issuer = "iss";
    public const string Subject = "sub";
    public const string Roles = "roles";
    public const string Account = "account";
    public const string Principal = "principal";
    public const string Session = "sid";
    public const string AuthenticationMethods = "amr";
    public const string AuthenticatedAt = "auth_time";
}
