using System.Buffers;
using MfaEvents.Server.Audit.Trail;

namespace MfaEvents.Server.Audit.Export;

/// <summary>How an export writes rows of the trail. Whatever it writes of a row is one line, so that a reader can go on behind the last.</summary>
public interface IExportFormat
{
    /// <summary>What a file of it is called: <c>audit-{account}-{name}.{extension}</c>.</summary>
    string Name { get; }

    string Extension { get; }

    string ContentType { get; }

    /// <summary>Whether it needs events as they are stored rather than the trail's copies, which cut long texts.</summary>
    bool NeedsStoredEvents { get; }

    /// <summary>Writes what stands before the first row of an export that begins at index 0.</summary>
    void Begin(IBufferWriter<byte> output);

    void Write(IBufferWriter<byte> output, AuditRow row);

    /// <summary>Writes the checkpoint behind the last row.</summary>
    void Finish(IBufferWriter<byte> output, ExportCheckpoint checkpoint);
}

/// <summary>What an export ends with.</summary>
/// <param name="Size">How many leaves the log had when the export began.</param>
/// <param name="Note">The signed note of the checkpoint that covers them.</param>
/// <param name="At">When the export began.</param>
public sealed record ExportCheckpoint(long Size, string Note, DateTimeOffset At);
