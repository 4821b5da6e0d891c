using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Audit.Export;

/// <summary>
/// RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe, and no cell holds the end of a line.
/// </summary>
public sealed class CsvFormat(EventData data) : IExportFormat
{
    public const string ContentTypeName = "text/csv";

    private static readonly string[] Columns =
    [
        "index", "occurredAt", "eventType", "principal", "actor", "sourceAddress", "userAgent", "correlationId", "causationId",
        "deviceId", "deviceName", "deviceType", "stream", "version", "eventId", "data",
    ];

    // OWASP, CSV Injection: these, and their full-width forms, begin a formula or a new cell.
    private static readonly SearchValues<char> Dangerous = SearchValues.Create("=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20");
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n");

    public string Name => "csv";

    public string Extension => "csv";

    public string ContentType => ContentTypeName + "; charset=utf-8";

    public bool NeedsStoredEvents => false;

    public void Begin(IBufferWriter<byte> output) => WriteRow(output, Columns);

    public void Write(IBufferWriter<byte> output, AuditRow row)
    {
        var (entry, stored) = (row.Entry, row.Entry.Event);
        WriteRow(
            output,
            Number(entry.Index),
            Instant(stored.OccurredAt),
            stored.EventType,
            entry.Principal,
            stored.Actor,
            stored.ClientAddress,
            stored.UserAgent,
            stored.CorrelationId,
            stored.CausationId,
            entry.Device?.Id.ToString(),
            entry.Device?.Name,
            entry.Device?.Type,
            stored.Stream,
            Number(stored.Version),
            stored.EventId.ToString(),
            JsonSerializer.Serialize(data.Shown(stored), Json.Options));
    }

    public void Finish(IBufferWriter<byte> output, ExportCheckpoint checkpoint)
    {
        var cells = new string?[Columns.Length];
        (cells[1], cells[2], cells[^1]) =
            (Instant(checkpoint.At), "checkpoint", JsonSerializer.Serialize(new { checkpoint.Size, checkpoint.Note }, Json.Options));
        WriteRow(output, cells);
    }

    private static void WriteRow(IBufferWriter<byte> output, params ReadOnlySpan<string?> cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            if (i > 0) output.Write(","u8);
            Encoding.UTF8.GetBytes(Cell(cells[i]), output);
        }

        output.Write("\r\n"u8);
    }

    private static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        var harmless = text.ReplaceLineEndings(" ");
        if (Dangerous.Contains(text[0])) harmless = "'" + harmless;
        return harmless.AsSpan().ContainsAny(Quoted) ? $"\"{harmless.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : harmless;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
