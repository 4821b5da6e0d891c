using System.ComponentModel.DataAnnotations;

namespace MfaEvents.Server.Access;

/// <summary>The console as a client of an OpenID Connect issuer: the authorization code flow with PKCE.</summary>
public sealed class ConsoleClient : IValidatableObject
{
    /// <summary>What the sign-in page calls the issuer.</summary>
    [Required, StringLength(64, MinimumLength = 1)]
    public string Name { get; init; } = "the organisation";

    /// <summary>The client's id at the issuer.</summary>
    [Required]
    public string ClientId { get; init; } = "";

    /// <summary>Its secret; a public client has none.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>What is asked for beside <c>openid</c>: whatever makes the issuer give an access token for our audience.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>The resource of RFC 8707, where the issuer wants to be told it.</summary>
    public string? Resource { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Scopes.FirstOrDefault(scope => scope.Length == 0 || scope.Any(c => c is <= ' ' or '"' or '\\' or > '~')) is { } wrong)
            yield return new ValidationResult($"{wrong} is no scope.", [nameof(Scopes)]);
    }

    public override string ToString() => ClientId;
}
