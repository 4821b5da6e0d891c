using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Hosting;
using MfaEvents.Server.Edge;

namespace MfaEvents.Server.Tests.Edge;

[Collection(nameof(AtTheEdge))]
public sealed class SecureHeadersTests(EdgeHost edge)
{
    private const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";

    [Theory]
    [InlineData("GET", "/health/ready", 200)]
    [InlineData("GET", "/openapi/v1.json", 200)]
    [InlineData("GET", "/nothing/here", 404)]
    [InlineData("DELETE", "/accounts", 405)]
    [InlineData("POST", "/accounts", 401)]
    [InlineData("GET", EdgeHost.Faulty, 500)]
    [InlineData("GET", EdgeHost.Echo, 200)]
    public async Task Every_answer_has_them(string method, string path, int status)
    {
        var reply = await edge.From("203.0.113.200").Send(new HttpMethod(method), path);

        reply.Status.ShouldBe(status);
        ShouldBeSecure(reply);
        HeaderOf(reply, "Content-Security-Policy").ShouldBe(ApiPolicy);
    }

    [Fact]
    public async Task A_refusal_by_the_limit_has_them_too()
    {
        var replies = await Scenarios.AtOnce(EdgeHost.Limit + 1, _ => edge.From("203.0.113.201").Post(EdgeHost.Counted));

        replies.ShouldContain(reply => reply.Status == 429);
        foreach (var reply in replies) ShouldBeSecure(reply);
    }

    [Fact]
    public async Task An_answer_with_a_secret_is_stored_nowhere()
    {
        var account = await edge.Api.RegisteredAccount();

        var reply = await account.Root.Post($"{account.RootPath}/mfa-devices", new { deviceName = "phone", deviceType = "virtual" });

        HeaderOf(reply.ShouldBe(HttpStatusCode.Created), "Cache-Control").ShouldBe("no-store");
    }

    [Fact]
    public async Task The_page_for_trying_out_has_a_policy_of_its_own()
    {
        var reply = await edge.From("203.0.113.202").Get("/api/");

        reply.Status.ShouldBe(200);
        ShouldBeSecure(reply);
        var policy = HeaderOf(reply, "Content-Security-Policy");
        policy.ShouldContain("script-src 'self'");
        policy.ShouldContain("frame-ancestors 'none'");
        policy.ShouldNotContain("*");
    }

    [Theory]
    [InlineData("Production", "https", "max-age=31536000; includeSubDomains")]
    [InlineData("Production", "http", null)]
    [InlineData("Development", "https", null)]
    public async Task Https_is_asked_for_over_https_in_production(string environment, string scheme, string? header)
    {
        using var host = await new HostBuilder().ConfigureWebHost(web => web.UseTestServer().UseEnvironment(environment)
            .Configure(app => app.UseMiddleware<SecureHeaders>().Run(http => http.Response.WriteAsync("so")))).StartAsync(TestContext.Current.CancellationToken);
        using var client = host.GetTestClient();

        using var response = await client.GetAsync(new Uri($"{scheme}://mfa.example.com/"), TestContext.Current.CancellationToken);

        response.Headers.TryGetValues("Strict-Transport-Security", out var values);
        values?.Single().ShouldBe(header);
        (values is null).ShouldBe(header is null);
    }

    [Fact]
    public async Task What_an_endpoint_says_itself_stays()
    {
        using var host = await new HostBuilder().ConfigureWebHost(web => web.UseTestServer()
            .Configure(app => app.UseMiddleware<SecureHeaders>().Run(http =>
            {
                http.Response.Headers.CacheControl = "public, max-age=300";
                return http.Response.WriteAsync("so");
            }))).StartAsync(TestContext.Current.CancellationToken);
        using var client = host.GetTestClient();

        using var response = await client.GetAsync(new Uri("http://localhost/"), TestContext.Current.CancellationToken);

        response.Headers.GetValues("Cache-Control").ShouldBe(["public, max-age=300"]);
    }

    private static void ShouldBeSecure(Reply reply)
    {
        HeaderOf(reply, "X-Content-Type-Options").ShouldBe("nosniff");
        HeaderOf(reply, "Referrer-Policy").ShouldBe("no-referrer");
        HeaderOf(reply, "Cross-Origin-Resource-Policy").ShouldBe("same-origin");
        HeaderOf(reply, "Cross-Origin-Opener-Policy").ShouldBe("same-origin");
        HeaderOf(reply, "Cache-Control").ShouldContain("no-store");
        reply.Headers.Contains("Server").ShouldBeFalse();
        reply.Headers.Contains("X-Powered-By").ShouldBeFalse();
    }

    private static string HeaderOf(Reply reply, string name) =>
        string.Join(", ", reply.Headers.TryGetValues(name, out var values) ? values : []);
}
