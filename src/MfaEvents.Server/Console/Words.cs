using System.Globalization;

namespace MfaEvents.Server.Console;

/// <summary>Names of the API, as people say them.</summary>
public static class Words
{
    /// <summary>A stored name of an event: <c>code_rejected</c> is “Code rejected”.</summary>
    public static string OfEvent(string eventType) => char.ToUpperInvariant(eventType[0]) + eventType[1..].Replace('_', ' ');

    /// <summary>A member or a value: <c>callBack</c> is “Call back”.</summary>
    public static string Spaced(string name) =>
        char.ToUpperInvariant(name[0]) + string.Concat(name.Skip(1).Select(c => char.IsAsciiLetterUpper(c) ? $" {char.ToLowerInvariant(c)}" : $"{c}"));

    /// <summary>A number of things: 1234 is “1,234”.</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
