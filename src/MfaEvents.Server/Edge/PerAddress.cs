using System.Threading.RateLimiting;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Edge;

/// <summary>
/// The endpoint answers anybody: its requests are counted by client address, and refused above
/// <see cref="MfaEventsSettings.PerAddressPerMinute"/> (ASVS 6.3.1).
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PerAddressAttribute : Attribute
{
    /// <summary>Whether a request with a valid bearer token is not counted.</summary>
    public bool ExceptBearers { get; init; }
}

/// <summary>Counts anonymous requests by client address in a sliding minute, on each node by itself.</summary>
public static class PerAddressLimit
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How many counts there are at most, so that many addresses do not fill the memory: an address chooses one by a hash that
    /// is seeded anew at each start, and two addresses seldom share one.
    /// </summary>
    private const int Counts = 1 << 16;

    // A POST below these that finds no endpoint is somebody looking for one.
    private static readonly string[] AnonymousRoots = ["/sign-ins", "/recoveries", "/links", "/repudiations"];

    public static void AddPerAddressLimit(this IServiceCollection services, MfaEventsSettings settings)
    {
        var window = new SlidingWindowRateLimiterOptions
        {
            PermitLimit = settings.PerAddressPerMinute,
            Window = Window,
            SegmentsPerWindow = 6,
            QueueLimit = 0,
        };
        services.AddRateLimiter(limiter =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, int>(http =>
                RateLimitPartition.GetSlidingWindowLimiter(CountOf(http), _ => window));
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;

            // After a whole window the count is empty, whatever came when; a shorter wait might be refused again.
            limiter.OnRejected = (rejected, _) =>
                new(Answer.Refuse(Problems.TooManyAttempts((int)Window.TotalSeconds)).ExecuteAsync(rejected.HttpContext));
        });
    }

    /// <summary>Stands after routing and authentication, which say what is counted.</summary>
    public static void UsePerAddressLimit(this IApplicationBuilder app) => app.UsePerAddressLimit(IsCounted);

    /// <summary>Stands before authentication for what that answers by itself.</summary>
    public static void UsePerAddressLimit(this IApplicationBuilder app, Func<HttpContext, bool> isCounted) =>
        app.UseWhen(isCounted, counted => counted.UseRateLimiter());

    private static bool IsCounted(HttpContext http)
    {
        var endpoint = http.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<PerAddressAttribute>() is { } perAddress)
            return !(perAddress.ExceptBearers && http.User.Identity is { IsAuthenticated: true });
        return endpoint is not RouteEndpoint
            && HttpMethods.IsPost(http.Request.Method)
            && Array.Exists(
                AnonymousRoots, root => http.Request.Path.StartsWithSegments(root, StringComparison.OrdinalIgnoreCase));
    }

    private static int CountOf(HttpContext http)
    {
        var hash = new HashCode();
        hash.AddBytes(ClientAddress.Network(http.Connection.RemoteIpAddress));
        return hash.ToHashCode() & (Counts - 1);
    }
}
