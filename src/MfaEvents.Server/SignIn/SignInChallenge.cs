using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace MfaEvents.Server.SignIn;

/// <summary>A sign-in whose password was right and whose code is due. It is deleted by the code that completes it.</summary>
/// <param name="Id">SHA-256 over the sign-in's id and key, neither of which is kept.</param>
/// <param name="Principal">Who is signing in.</param>
/// <param name="ExpiresAt">When it is void.</param>
/// <param name="WrongPasswords">How many passwords were wrong before the right one.</param>
public sealed record SignInChallenge(string Id, string Principal, DateTimeOffset ExpiresAt, int WrongPasswords = 0);

/// <summary>
/// The secret of a half-done sign-in, in the header <c>Sign-In-Key</c>: the account, whose tenant holds the challenge, and 256
/// random bits.
/// </summary>
public sealed partial record SignInKey(string AccountId, string Secret)
{
    public const string Header = "Sign-In-Key";

    public static SignInKey Draw(string accountId) =>
        new(accountId, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>The key in a request; null when it has none, or one that nobody gave it.</summary>
    public static SignInKey? Of(HttpRequest request) =>
        request.Headers[Header] is [{ } text] && Form().Match(text) is { Success: true } match
            ? new SignInKey(match.Groups["account"].Value, match.Groups["secret"].Value)
            : null;

    public string Text() => $"{AccountId}.{Secret}";

    /// <summary>Under which id the challenge of this key and sign-in is kept.</summary>
    public string ChallengeId(Guid signInId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"{signInId}.{Text()}")));

    public override string ToString() => "***";

    [GeneratedRegex(@"\A(?<account>[0-9]{12})\.(?<secret>[A-Za-z0-9_-]{43})\z")]
    private static partial Regex Form();
}
