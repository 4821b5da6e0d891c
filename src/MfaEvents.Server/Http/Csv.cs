using System.Buffers;
using System.Globalization;
using System.Text;

namespace MfaEvents.Server.Http;

/// <summary>
/// RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe, and no cell holds the end of a line.
/// </summary>
public static class Csv
{
    public const string ContentType = "text/csv";

    // OWASP, CSV Injection: these, and their full-width forms, begin a formula or a new cell.
    private static readonly SearchValues<char> Dangerous = SearchValues.Create("=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20");
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n");

    public static void WriteRow(IBufferWriter<byte> output, params ReadOnlySpan<string?> cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            if (i > 0) output.Write(","u8);
            Encoding.UTF8.GetBytes(Cell(cells[i]), output);
        }

        output.Write("\r\n"u8);
    }

    public static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        var harmless = text.ReplaceLineEndings(" ");
        if (Dangerous.Contains(text[0])) harmless = "'" + harmless;
        return harmless.AsSpan().ContainsAny(Quoted) ? $"\"{harmless.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : harmless;
    }
}
