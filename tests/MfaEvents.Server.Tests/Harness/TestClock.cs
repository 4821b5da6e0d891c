using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>The system's clock, except for requests that name their own instant.</summary>
public sealed class TestClock : TimeProvider
{
    private readonly MicrosecondClock system = new();
    private readonly AsyncLocal<DateTimeOffset?> instant = new();

    public override DateTimeOffset GetUtcNow() => instant.Value ?? system.GetUtcNow();

    /// <summary>From here on, and in whatever is called from here, it is that time.</summary>
    public void Set(DateTimeOffset now) => instant.Value = now;
}

/// <summary>Gives each request the instant and the client address that its test wants, before anything else sees it.</summary>
public sealed class TestConditions(TestClock clock) : IStartupFilter
{
    public const string InstantHeader = "Test-Instant";
    public const string AddressHeader = "Test-Address";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, following) =>
        {
            if (context.Request.Headers[InstantHeader] is [{ } instant])
                clock.Set(DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture));
            if (context.Request.Headers[AddressHeader] is [{ } address]) context.Connection.RemoteIpAddress = IPAddress.Parse(address);
            return following(context);
        });
        next(app);
    };
}
