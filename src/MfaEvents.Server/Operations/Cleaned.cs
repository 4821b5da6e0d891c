using System.Text.RegularExpressions;

namespace MfaEvents.Server.Operations;

/// <summary>
/// Takes out of a text that somebody else wrote (an exception, a library's log line) what may name a person, an account or a
/// secret. It is the last fence and not the first: nothing of that kind is meant to get there.
/// </summary>
public static partial class Cleaned
{
    private const string Gone = "***";

    /// <summary>
    /// Without e-mail addresses, account ids, principals, network addresses, phone numbers, keys, tokens and codes.
    /// </summary>
    public static string Text(string text) => Telling().Replace(text, Gone);

    /// <summary>The same, and without what stands in quotes or brackets: for messages of exceptions that are shown.</summary>
    public static string Message(string text) => Text(Quoted().Replace(text, Gone));

    // In this order: e-mail; JSON Web Token; base32 or other long key; principal; account id in its own or an ARN's place;
    // IPv4; IPv6; E.164 number; a code beside its name.
    [GeneratedRegex(
        """
        [^\s"'<>(),:;]+@[^\s"'<>(),:;]+\.[A-Za-z]+
        |eyJ[\w-]+\.[\w-]+\.[\w-]*
        |(?<![A-Za-z0-9+/])(?=[A-Za-z0-9+/_-]*[0-9])[A-Z2-7]{32,}(?![A-Za-z0-9+/])
        |\buser[:/](?!/)[\w+=,.@-]{1,64}
        |(?<![\w-])[0-9]{12}(?![\w-])
        |(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.])
        |(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f:]*[0-9A-Fa-f](?![\w:])
        |\+[1-9][0-9]{6,14}\b
        |(?<=\bcode[0-9]?\W{1,4})[0-9]{6,8}\b
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Telling();

    [GeneratedRegex("""(?<=")[^"]*(?=")|(?<=')[^']*(?=')|(?<=\()[^()]*(?=\))""")]
    private static partial Regex Quoted();
}
