using System.Buffers;
using MfaEvents.Server.Audit.Trail;

namespace MfaEvents.Server.Audit.Export;

/// <summary>The leaves of the log: SHA-256(0x00 || line) is the leaf's hash (RFC 6962 2.1), so that nothing else is among the lines.</summary>
public sealed class LeavesFormat : IExportFormat
{
    public string Name => "log";

    public string Extension => Ndjson.Extension;

    public string ContentType => Ndjson.ContentType;

    public bool NeedsStoredEvents => true;

    public void Begin(IBufferWriter<byte> output)
    {
    }

    public void Write(IBufferWriter<byte> output, AuditRow row)
    {
        row.Entry.WriteLeaf(output);
        Ndjson.EndLine(output);
    }

    public void Finish(IBufferWriter<byte> output, ExportCheckpoint checkpoint)
    {
    }
}
