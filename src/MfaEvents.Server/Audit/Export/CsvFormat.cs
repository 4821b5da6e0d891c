using System.Buffers;
using System.Globalization;
using System.Text.Json;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Audit.Export;

/// <summary>A row per event.</summary>
public sealed class CsvFormat(EventData data) : IExportFormat
{
    private static readonly string[] Columns =
    [
        "index", "occurredAt", "eventType", "principal", "actor", "sourceAddress", "userAgent", "correlationId", "causationId",
        "deviceId", "deviceName", "deviceType", "stream", "version", "eventId", "data",
    ];

    public string Name => "csv";

    public string Extension => "csv";

    public string ContentType => Csv.ContentType + "; charset=utf-8";

    public bool NeedsStoredEvents => false;

    public void Begin(IBufferWriter<byte> output) => Csv.WriteRow(output, Columns);

    public void Write(IBufferWriter<byte> output, AuditRow row)
    {
        var (entry, stored) = (row.Entry, row.Entry.Event);
        Csv.WriteRow(
            output,
            Number(entry.Index),
            Csv.Instant(stored.OccurredAt),
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
            (Csv.Instant(checkpoint.At), "checkpoint", JsonSerializer.Serialize(new { checkpoint.Size, checkpoint.Note }, Json.Options));
        Csv.WriteRow(output, cells);
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
