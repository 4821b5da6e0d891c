using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using MfaEvents.Server.Edge;

namespace MfaEvents.Server.Tests.Edge;

/// <summary>A host behind known proxies, with a low limit per address and endpoints that only tests have.</summary>
public sealed class EdgeHost(TestRun run) : IAsyncLifetime
{
    public const int Limit = 5;

    public const string Proxy = "192.0.2.10";
    public const string ProxyOfNetwork = "198.51.100.200";

    /// <summary>Answers anybody, counted by address.</summary>
    public const string Counted = "/tests/counted";

    /// <summary>The same, but for requests with a valid token.</summary>
    public const string CountedWithoutToken = "/tests/counted-without-token";

    /// <summary>Throws.</summary>
    public const string Faulty = "/tests/faulty";

    /// <summary>Answers which address and scheme the server takes a request to have.</summary>
    public const string Echo = "/tests/echo";

    public MfaHost Api { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Api = await run.StartHostAsync(
        "mfa_edge",
        new Dictionary<string, string>
        {
            ["MfaEvents:PerAddressPerMinute"] = $"{Limit}",
            ["MfaEvents:KnownProxies:0"] = Proxy,
            ["MfaEvents:KnownProxies:1"] = "198.51.100.192/26",
            ["MfaEvents:KnownProxies:2"] = "2001:db8:aaaa::/48",
        },
        services => services.AddSingleton<IStartupFilter, Endpoints>());

    public ValueTask DisposeAsync() => Api.DisposeAsync();

    public Person From(string? address) => Api.Nobody() with { Address = address };

    // Routing keeps an endpoint that was set before it.
    private sealed class Endpoints : IStartupFilter
    {
        private static readonly Dictionary<string, Endpoint> ByPath = new()
        {
            [Counted] = Of(Ok, new PerAddressAttribute()),
            [CountedWithoutToken] = Of(Ok, new PerAddressAttribute { ExceptBearers = true }),
            [Faulty] = Of(_ => throw new InvalidOperationException("A test wants it so.")),
            [Echo] = Of(http => http.Response.WriteAsync(
                $"{http.Connection.RemoteIpAddress} {http.Request.Scheme} {http.Request.Host}")),
        };

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, following) =>
            {
                if (ByPath.TryGetValue(http.Request.Path, out var endpoint)) http.SetEndpoint(endpoint);
                return following(http);
            });
            next(app);
        };

        private static Endpoint Of(RequestDelegate answer, params object[] metadata) =>
            new(answer, new EndpointMetadataCollection([new AllowAnonymousAttribute(), .. metadata]), "test");

        private static Task Ok(HttpContext http)
        {
            http.Response.StatusCode = (int)HttpStatusCode.NoContent;
            return Task.CompletedTask;
        }
    }
}

/// <summary>One such host for all tests of the edge; each sends from addresses of its own.</summary>
[CollectionDefinition(nameof(AtTheEdge))]
public sealed class AtTheEdge : ICollectionFixture<EdgeHost>;
