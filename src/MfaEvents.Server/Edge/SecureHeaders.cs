using Microsoft.Net.Http.Headers;

namespace MfaEvents.Server.Edge;

/// <summary>A page says what it may load; everything else is an API answer, and a browser that shows one loads nothing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ContentSecurityPolicyAttribute(string policy) : Attribute
{
    public string Policy { get; } = policy;
}

/// <summary>
/// Puts on every answer, a refusal or a fault too, what keeps a browser from guessing types, framing, leaking addresses and
/// caching (ASVS 3.4, 14.3.2). What an endpoint has set itself stays.
/// </summary>
public sealed class SecureHeaders(RequestDelegate next, IHostEnvironment environment)
{
    private const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";

    // A year, which is what ASVS 3.4.1 asks for.
    private const string Hsts = "max-age=31536000; includeSubDomains";

    private readonly bool isDevelopment = environment.IsDevelopment();

    public Task InvokeAsync(HttpContext context)
    {
        // At the last moment: a fault clears what was set before it.
        context.Response.OnStarting(static state =>
        {
            var (self, http) = ((SecureHeaders, HttpContext))state;
            self.Complete(http);
            return Task.CompletedTask;
        }, (this, context));
        return next(context);
    }

    private void Complete(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.TryAdd(HeaderNames.XContentTypeOptions, "nosniff");
        headers.TryAdd("Referrer-Policy", "no-referrer");
        headers.TryAdd("Cross-Origin-Resource-Policy", "same-origin");
        headers.TryAdd("Cross-Origin-Opener-Policy", "same-origin");
        headers.TryAdd(
            HeaderNames.ContentSecurityPolicy,
            http.GetEndpoint()?.Metadata.GetMetadata<ContentSecurityPolicyAttribute>()?.Policy ?? ApiPolicy);
        headers.TryAdd(HeaderNames.CacheControl, "no-store");

        // RFC 6797 7.2: not over plain HTTP. And a developer's browser would keep it for everything on localhost.
        if (!isDevelopment && http.Request.IsHttps) headers.TryAdd(HeaderNames.StrictTransportSecurity, Hsts);
    }
}
