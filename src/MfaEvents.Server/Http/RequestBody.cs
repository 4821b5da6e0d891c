using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;

namespace MfaEvents.Server.Http;

/// <summary>Reads and checks a JSON request body before any lock is taken, so that a slow sender holds nothing.</summary>
public static class RequestBody
{
    /// <summary>The largest body, in bytes.</summary>
    public const int Limit = 64 * 1024;

    /// <summary>How long a body may take to arrive: a slow sender is dropped.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>
    /// What is wrong with the body for <paramref name="type"/>, or null; the body can be read again afterwards.
    /// </summary>
    public static async Task<Problem?> CheckAsync(HttpContext context, Type type)
    {
        var request = context.Request;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(TimeLimit);
        MemoryStream? buffer;
        try
        {
            buffer = await ReadAsync(request, limit.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Headers.Connection = "close";
            return Problems.MalformedRequest("The request body came too slowly.");
        }

        if (buffer is null) return Problems.PayloadTooLarge;
        if (buffer.Length == 0 && request.ContentType is null)
        {
            if (!RequestShape.Of(type).NeedsNothing) return Problems.MalformedRequest("A JSON object is needed as the request body.");
            buffer.Write("{}"u8);
            buffer.Position = 0;
            (request.ContentType, request.ContentLength) = ("application/json", buffer.Length);
        }

        if (!IsJson(request)) return Problems.UnsupportedMediaType;

        // However it was written: behind here it is compared letter by letter.
        request.ContentType = "application/json";

        // This API has one representation, whatever is asked for (RFC 9110 12.4.1); the framework would answer 406 without a
        // word.
        request.Headers.Accept = "application/json";
        try
        {
            if (!Utf8.IsValid(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)))
                return Problems.MalformedRequest("The request body is not UTF-8.");
            using var document = JsonDocument.Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return Problems.MalformedRequest("The request body must be one JSON object.");
            var errors = RequestShape.Of(type).Check(document.RootElement);
            return errors.Count == 0 ? null : Problems.Validation(errors);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is thrown for half of a surrogate pair in a member's name.
            return Problems.MalformedRequest(
                "The request body is not one well-formed JSON object with each member at most once.");
        }
    }

    private static async Task<MemoryStream?> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (request.ContentLength > Limit) return null;
        var buffer = new MemoryStream((int)(request.ContentLength ?? 1024));
        var chunk = new byte[8192];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellation)) > 0)
        {
            if (buffer.Length + read > Limit) return null;
            buffer.Write(chunk, 0, read);
        }

        buffer.Position = 0;
        request.Body = buffer;
        return buffer;
    }

    private static bool IsJson(HttpRequest request) =>
        request.Headers.ContentEncoding.Count == 0
        && MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Charset.Value.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
