namespace MfaEvents.Server.Recovery;

/// <summary>What somebody is shown who knows the password and may not be the owner: enough to recognise one's own.</summary>
public static class Masked
{
    private const int ShownDigits = 2;

    /// <summary><c>j***@example.com</c>: how long the name is, is not told.</summary>
    public static string Email(string email) => $"{email[0]}***{email[email.LastIndexOf('@')..]}";

    /// <summary><c>+*********00</c>.</summary>
    public static string Phone(string phone) => $"+{new string('*', phone.Length - 1 - ShownDigits)}{phone[^ShownDigits..]}";
}
