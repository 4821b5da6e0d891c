using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace MfaEvents.Server.Notifications;

/// <summary>What a link in a mail is good for.</summary>
public enum LinkPurpose
{
    /// <summary>Proves that whoever recovers reads the mail of the address on file.</summary>
    RecoveryEmail,

    /// <summary>Proves that the owner reads the mail of a new address.</summary>
    ContactEmail,

    /// <summary>"This was not me."</summary>
    Repudiation,

    /// <summary>Stops a removal by the support desk.</summary>
    Veto,
}

/// <summary>
/// The secret of a link in a mail: the account, whose tenant holds the <see cref="OpenLink"/>, and 256 random bits. It is good
/// once, for one purpose, and only its hash is kept.
/// </summary>
public sealed partial record LinkToken(string AccountId, string Secret)
{
    public static LinkToken Draw(string accountId) =>
        new(accountId, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>The token that somebody sent; null for what nobody was ever given.</summary>
    public static LinkToken? Parse(string? text) =>
        text is not null && Form().Match(text) is { Success: true } match
            ? new LinkToken(match.Groups["account"].Value, match.Groups["secret"].Value)
            : null;

    public string Text() => $"{AccountId}.{Secret}";

    /// <summary>Under which id its link is kept.</summary>
    public string LinkId(LinkPurpose purpose) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"{purpose}.{Text()}")));

    public override string ToString() => "***";

    [GeneratedRegex(@"\A(?<account>[0-9]{12})\.(?<secret>[A-Za-z0-9_-]{43})\z")]
    private static partial Regex Form();
}
