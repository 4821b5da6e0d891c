namespace MfaEvents.Core.Accounts;

/// <summary>
/// How a principal is written: <c>root</c> or <c>user:{userName}</c>, in streams, URLs and the audit trail alike.
/// </summary>
public static class Principal
{
    public const string Root = "root";

    private const string UserPrefix = "user:";

    public static string User(string userName) => UserPrefix + userName;

    /// <summary>The name of the IAM user, or null for the root user.</summary>
    public static string? UserName(string principal) =>
        principal?.StartsWith(UserPrefix, StringComparison.Ordinal) == true ? principal[UserPrefix.Length..] : null;
}

/// <summary>Amazon resource names, as AWS IAM writes them.</summary>
public static class Arn
{
    public static string OfPrincipal(string accountId, string principal) =>
        Principal.UserName(principal) is { } userName
            ? $"arn:aws:iam::{accountId}:user/{userName}"
            : $"arn:aws:iam::{accountId}:root";

    /// <summary>The serial number of a virtual device.</summary>
    public static string OfVirtualDevice(string accountId, string deviceName) => $"arn:aws:iam::{accountId}:mfa/{deviceName}";
}
