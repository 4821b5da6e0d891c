using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace MfaEvents.Server.Recovery;

/// <summary>
/// The secret of a recovery, in the header <c>Recovery-Key</c>: the account, whose tenant holds it, and 256 random bits. It is
/// with whoever began the recovery, so that an owner's click on a link proves nobody else's.
/// </summary>
public sealed partial record RecoveryKey(string AccountId, string Secret)
{
    public const string Header = "Recovery-Key";

    public static RecoveryKey Draw(string accountId) =>
        new(accountId, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>The key in a request; null when it has none, or one that nobody gave it.</summary>
    public static RecoveryKey? Of(HttpRequest request) =>
        request.Headers[Header] is [{ } text] && Form().Match(text) is { Success: true } match
            ? new RecoveryKey(match.Groups["account"].Value, match.Groups["secret"].Value)
            : null;

    public string Text() => $"{AccountId}.{Secret}";

    /// <summary>Under which id it is kept that this is the key of a recovery.</summary>
    public string KeptId(Guid recoveryId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"{recoveryId}.{Text()}")));

    public override string ToString() => "***";

    [GeneratedRegex(@"\A(?<account>[0-9]{12})\.(?<secret>[A-Za-z0-9_-]{43})\z")]
    private static partial Regex Form();
}

/// <summary>That a recovery has a key; which, is not kept.</summary>
/// <param name="Id">SHA-256 over the recovery's id and key.</param>
/// <param name="ForgottenAt">From when on nobody needs it.</param>
public sealed record KeptRecoveryKey(string Id, DateTimeOffset ForgottenAt);

/// <summary>
/// The password that was in force when a recovery was completed: when its owner repudiates the recovery, a password that it set
/// is taken back for this one.
/// </summary>
/// <param name="Id">The recovery's stream.</param>
/// <param name="Principal">Whose password it is.</param>
/// <param name="Sealed">As in <see cref="Sealing.SealedPassword"/>.</param>
/// <param name="ForgottenAt">From when on nobody can repudiate.</param>
public sealed record PasswordBeforeRecovery(string Id, string Principal, string Sealed, DateTimeOffset ForgottenAt);
