namespace MfaEvents.Server.Console.Inside;

/// <summary>The way that a request takes through this process behind its edge: gate, limits, endpoint.</summary>
public sealed class InsidePipeline
{
    private RequestDelegate? enter;

    public RequestDelegate Enter => enter ?? throw new InvalidOperationException("The pipeline is not built yet.");

    /// <summary>What stands behind here is what a call from inside passes.</summary>
    public RequestDelegate From(RequestDelegate next) => enter = next;
}
