namespace MfaEvents.Server.Operations;

/// <summary>Counts what was refused because a wait was on: no event tells of it.</summary>
public sealed class CountedWaits(RequestDelegate next, MfaMetrics metrics)
{
    public async Task InvokeAsync(HttpContext context)
    {
        await next(context);
        if (context.Response.StatusCode == StatusCodes.Status429TooManyRequests
            && context.GetEndpoint() is RouteEndpoint endpoint)
            metrics.CountWait(endpoint.RoutePattern.RawText!.Split('/')[^1]);
    }
}
