using System.Text.RegularExpressions;

namespace MfaEvents.Server.Http;

/// <summary>A UUID in the form of RFC 9562 4, and in no other: .NET's own parser takes blanks and signs too.</summary>
public static partial class Uuid
{
    public const string Pattern = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";

    public static Guid? Parse(string? text) => text is not null && Form().IsMatch(text) ? Guid.Parse(text) : null;

    [GeneratedRegex(@"\A" + Pattern + @"\z")]
    private static partial Regex Form();
}
