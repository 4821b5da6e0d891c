using System.Buffers;
using System.Text.Json;
using MfaEvents.Server.Audit.Export;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Audit.Push;

/// <summary>Events that are posted together, in the batch format of CloudEvents 1.0.2 (JSON format, 4).</summary>
/// <param name="Id">The same whenever it is the same events.</param>
/// <param name="Body">A JSON array.</param>
/// <param name="Events">How many there are.</param>
/// <param name="Last">The sequence of the last one.</param>
public sealed record PushBatch(string Id, ReadOnlyMemory<byte> Body, int Events, long Last)
{
    public const string ContentType = "application/cloudevents-batch+json";

    /// <summary>How large a body may become, unless one event alone is larger.</summary>
    public const int MostBytes = 1024 * 1024;

    /// <summary>As many of the rows as fit into one body, of one at least.</summary>
    public static PushBatch Of(IReadOnlyList<AuditRow> rows, CloudEvents events)
    {
        var (body, count) = (new ArrayBufferWriter<byte>(), 0);
        foreach (var row in rows)
        {
            var written = JsonSerializer.SerializeToUtf8Bytes(events.Of(row), Json.Options);
            if (count > 0 && body.WrittenCount + written.Length > MostBytes) break;
            body.Write(count++ == 0 ? "["u8 : ","u8);
            body.Write(written);
        }

        body.Write("]"u8);
        return new PushBatch(
            $"{rows[0].Entry.Event.EventId}-{count}", body.WrittenMemory, count, rows[count - 1].Entry.Event.Sequence);
    }
}
