using System.Buffers;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Audit.Export;

/// <summary>CloudEvents 1.0, one a line.</summary>
public sealed class CloudEventsFormat(CloudEvents events, string accountId) : IExportFormat
{
    public string Name => "cloudevents";

    public string Extension => Ndjson.Extension;

    public string ContentType => Ndjson.ContentType;

    public bool NeedsStoredEvents => false;

    public void Begin(IBufferWriter<byte> output)
    {
    }

    public void Write(IBufferWriter<byte> output, AuditRow row) => Ndjson.WriteLine(output, events.Of(row), Json.Options);

    public void Finish(IBufferWriter<byte> output, ExportCheckpoint checkpoint) =>
        Ndjson.WriteLine(output, events.OfCheckpoint(accountId, checkpoint), Json.Options);
}
