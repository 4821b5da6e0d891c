using System.Buffers;
using System.Globalization;
using System.Text;
using Marten.Storage;

namespace MfaEvents.Server.Audit.Export;

/// <summary>
/// Writes an export as fast as its reader takes it. What fails on the way cuts the answer off, so that nobody takes a part for
/// the whole.
/// </summary>
public sealed class ExportAnswer(IMartenDatabase database, IExportFormat format, ExportRange range, ExportCheckpoint checkpoint) : IResult
{
    public const string SizeHeader = "Audit-Size";
    public const string CheckpointHeader = "Audit-Checkpoint";

    /// <summary>How many bytes wait for the reader at most, give or take a row.</summary>
    private const int Buffered = 32 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, cancellation) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = format.ContentType;
        response.Headers.ContentDisposition = $"attachment; filename=\"audit-{range.AccountId}-{format.Name}.{format.Extension}\"";
        response.Headers[SizeHeader] = checkpoint.Size.ToString(CultureInfo.InvariantCulture);
        response.Headers[CheckpointHeader] = Convert.ToBase64String(Encoding.UTF8.GetBytes(checkpoint.Note));

        var output = new ArrayBufferWriter<byte>(2 * Buffered);
        if (range.First == 0) format.Begin(output);
        await foreach (var page in new ExportPages(database, range, format.NeedsStoredEvents).ReadAsync(cancellation))
            foreach (var row in page)
            {
                format.Write(output, row);
                if (output.WrittenCount >= Buffered) await SendAsync();
            }

        format.Finish(output, checkpoint);
        await SendAsync();

        async Task SendAsync()
        {
            await response.Body.WriteAsync(output.WrittenMemory, cancellation);
            output.ResetWrittenCount();
        }
    }
}
