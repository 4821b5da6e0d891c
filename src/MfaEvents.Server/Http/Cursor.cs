using System.Text;

namespace MfaEvents.Server.Http;

/// <summary>Where the next page of a list begins, as text that a caller hands back and has no need to read.</summary>
public static class Cursor
{
    public static string Write(params IEnumerable<string> parts) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Join(':', parts)));

    /// <summary>The parts that were written; of a text that is no cursor, none.</summary>
    public static IReadOnlyList<string> Read(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length)
            ? Encoding.ASCII.GetString(bytes, 0, length).Split(':')
            : [];
    }
}
