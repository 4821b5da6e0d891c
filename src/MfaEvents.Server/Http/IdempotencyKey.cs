namespace MfaEvents.Server.Http;

/// <summary>The header <c>Idempotency-Key</c>.</summary>
public static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    public static string? Of(HttpRequest request)
    {
        return HttpMethods.IsPost(request.Method) && request.Headers.TryGetValue(Header, out var values)
            ? values.ToString()
            : null;
    }

    /// <summary>A key is 1 to 255 visible ASCII characters, given once.</summary>
    public static Problem? Check(HttpRequest request)
    {
        if (Of(request) is not { } key) return null;
        return request.Headers[Header].Count == 1 && key.Length is >= 1 and <= 255 && key.All(c => c is > ' ' and <= '~')
            ? null
            : Problems.Validation(Header, $"{Header} must be 1 to 255 visible ASCII characters, once.");
    }
}
