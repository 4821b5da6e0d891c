using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Edge;

/// <summary>What stands between the network and the API: limits of size, time and number, and whom a proxy speaks for.</summary>
public static class EdgeSetup
{
    // What waits longer than this waits for a database that is not well: a lock is given up after 5 s, a connection after 15 s.
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(30);

    public static void AddEdge(this WebApplicationBuilder builder, MfaEventsSettings settings)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Limit(kestrel.Limits, settings);
        });
        builder.Services.AddKnownProxies(settings);
        builder.Services.AddPerAddressLimit(settings);
        builder.Services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = RequestLimit,
            TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
            WriteTimeoutResponse = http => Answer.Refuse(Problems.Unavailable(Faults.TraceIdOf(http))).ExecuteAsync(http),
        });
    }

    /// <summary>Outside of everything else: what every answer carries, and who the client is.</summary>
    public static void UseEdge(this IApplicationBuilder app)
    {
        app.UseMiddleware<SecureHeaders>();
        app.UseKnownProxies();
    }

    // A sender that is slow or silent holds a connection and its buffers, never a lock; each of these says for how long.
    private static void Limit(KestrelServerLimits limits, MfaEventsSettings settings)
    {
        limits.MaxConcurrentConnections = settings.ConnectionLimit;
        limits.MaxRequestBodySize = RequestBody.Limit;

        // The longest thing in a request's address is a cursor, the largest header a token.
        limits.MaxRequestLineSize = 8 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);

        // RequestBody.TimeLimit ends the reading of a body; these end the sending of one that nobody reads, and the reading of
        // an answer.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
    }
}
