using System.ComponentModel.DataAnnotations;
using System.Security.Claims;

namespace MfaEvents.Server.Access;

/// <summary>An OpenID Connect issuer whose tokens are accepted, and what they may claim.</summary>
public sealed class TrustedIssuer : IValidatableObject
{
    /// <summary>The issuer, to the letter of its <c>iss</c> claim; its keys come from its discovery document.</summary>
    [Required]
    public string Issuer { get; init; } = "";

    /// <summary>The audience its tokens must name.</summary>
    [Required]
    public string Audience { get; init; } = "";

    /// <summary>The roles its tokens may claim; others in them are ignored.</summary>
    [MinLength(1, ErrorMessage = "Roles must name at least one role.")]
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>The accounts its tokens may claim; empty means every account.</summary>
    public IReadOnlyList<string> Accounts { get; init; } = [];

    /// <summary>As whom the console asks it to sign staff in; without this, staff of this issuer use the API alone.</summary>
    public ConsoleClient? Console { get; init; }

    /// <summary>Whether its discovery document may be read over plain HTTP, which is for trying things out.</summary>
    public bool AllowHttp { get; init; }

    public bool IssuesDeskRoles => Roles.Any(role => RoleNames.Parse(role) is Role.SupportAgent or Role.SupportApprover);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string[] schemes = AllowHttp ? [Uri.UriSchemeHttps, Uri.UriSchemeHttp] : [Uri.UriSchemeHttps];
        if (!Uri.TryCreate(Issuer, UriKind.Absolute, out var uri) || !schemes.Contains(uri.Scheme))
            yield return new ValidationResult("Issuer must be an https address.", [nameof(Issuer)]);
        if (Roles.FirstOrDefault(role => RoleNames.Parse(role) is null) is { } unknown)
            yield return new ValidationResult($"{unknown} is no role.", [nameof(Roles)]);
    }

    /// <summary>The caller as this issuer may name it; null when the token claims an account it may not.</summary>
    public ClaimsIdentity? Restrict(ClaimsPrincipal user)
    {
        var accounts = user.FindAll(ClaimNames.Account).Select(claim => claim.Value).ToArray();
        if (Accounts.Count > 0 && accounts.Except(Accounts, StringComparer.Ordinal).Any()) return null;

        // A token without accounts means all of them: for this issuer that is all it may claim.
        var added = Accounts.Count > 0 && accounts.Length == 0 ? Accounts : [];
        return new ClaimsIdentity(
            [
                // Its sessions are its own affair: a session of ours is in our tokens alone.
                .. user.Claims.Where(claim => claim.Type != ClaimNames.Session
                    && (claim.Type != ClaimNames.Roles || Roles.Contains(claim.Value))),
                .. added.Select(account => new Claim(ClaimNames.Account, account)),
            ],
            user.Identity!.AuthenticationType);
    }
}
