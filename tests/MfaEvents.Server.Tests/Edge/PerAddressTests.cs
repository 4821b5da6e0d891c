using System.Globalization;
using System.Net;

namespace MfaEvents.Server.Tests.Edge;

[Collection(nameof(AtTheEdge))]
public sealed class PerAddressTests(EdgeHost edge)
{
    [Fact]
    public async Task Above_the_limit_an_address_waits_and_the_others_do_not()
    {
        var client = edge.From("203.0.113.1");

        await SpendAsync(client);

        var refused = (await client.Post(EdgeHost.Counted)).ShouldRefuse(429, "too-many-attempts");
        int.Parse(refused.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture).ShouldBeInRange(1, 60);
        (await edge.From("203.0.113.2").Post(EdgeHost.Counted)).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Parallel_requests_get_no_more_than_those_in_a_row()
    {
        var replies = await Scenarios.AtOnce(40, _ => edge.From("203.0.113.3").Post(EdgeHost.Counted));

        replies.Count(reply => reply.Status == 204).ShouldBe(EdgeHost.Limit);
        replies.Count(reply => reply.Status == 429).ShouldBe(40 - EdgeHost.Limit);
    }

    [Fact]
    public async Task Of_IPv6_the_first_64_bits_are_one_client()
    {
        await SpendAsync(edge.From("2001:db8:1:1::1"));

        (await edge.From("2001:db8:1:1:ffff:ffff:ffff:ffff").Post(EdgeHost.Counted)).ShouldRefuse(429, "too-many-attempts");
        (await edge.From("2001:db8:1:2::1").Post(EdgeHost.Counted)).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task The_API_description_counts_because_it_is_dear()
    {
        var client = edge.From("203.0.113.6");
        (await client.Get("/openapi/v1.json")).ShouldBe(HttpStatusCode.OK);
        await SpendAsync(edge.From("203.0.113.8"));

        (await edge.From("203.0.113.8").Get("/openapi/v1.json")).ShouldRefuse(429, "too-many-attempts");
    }

    [Fact]
    public async Task IPv4_in_IPv6_is_IPv4()
    {
        await SpendAsync(edge.From("203.0.113.4"));

        (await edge.From("::ffff:203.0.113.4").Post(EdgeHost.Counted)).ShouldRefuse(429, "too-many-attempts");
        (await edge.From("::ffff:203.0.113.5").Post(EdgeHost.Counted)).ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("203.0.113.10", "/sign-ins/there/is/nothing")]
    [InlineData("203.0.113.11", "/SIGN-INS/there/is/nothing")]
    [InlineData("203.0.113.12", "/recoveries/there/is/nothing")]
    [InlineData("203.0.113.13", "/links/there/is/nothing")]
    [InlineData("203.0.113.14", "/repudiations/there/is/nothing")]
    public async Task Looking_for_anonymous_endpoints_counts(string address, string path)
    {
        var client = edge.From(address);
        for (var i = 0; i < EdgeHost.Limit; i++) (await client.Post(path)).ShouldRefuse(404, "not-found");

        (await client.Post(path)).ShouldRefuse(429, "too-many-attempts");
    }

    [Theory]
    [InlineData("GET", "/sign-ins/there/is/nothing", 404)]
    [InlineData("POST", "/accounts", 401)]
    [InlineData("GET", "/health/ready", 200)]
    [InlineData("POST", "/sign-insolvency", 404)]
    public async Task Other_requests_are_not_counted(string method, string path, int status)
    {
        for (var i = 0; i < 3 * EdgeHost.Limit; i++)
            (await edge.From("203.0.113.20").Send(new HttpMethod(method), path)).Status.ShouldBe(status);
    }

    [Fact]
    public async Task Where_a_token_may_stand_in_its_holder_is_not_counted_and_a_false_one_is()
    {
        var holder = edge.Api.A("auditor") with { Address = "203.0.113.30" };
        for (var i = 0; i < 3 * EdgeHost.Limit; i++)
            (await holder.Post(EdgeHost.CountedWithoutToken)).ShouldBe(HttpStatusCode.NoContent);

        var impostor = edge.From("203.0.113.30") with { RawToken = "eyJhbGciOiJub25lIn0.e30." };
        for (var i = 0; i < EdgeHost.Limit; i++)
            (await impostor.Post(EdgeHost.CountedWithoutToken)).ShouldBe(HttpStatusCode.NoContent);
        (await impostor.Post(EdgeHost.CountedWithoutToken)).ShouldRefuse(429, "too-many-attempts");
    }

    [Fact]
    public async Task A_token_does_not_lift_the_limit_elsewhere()
    {
        var holder = edge.Api.A("auditor") with { Address = "203.0.113.31" };
        await SpendAsync(holder);

        (await holder.Post(EdgeHost.Counted)).ShouldRefuse(429, "too-many-attempts");
    }

    [Fact]
    public async Task Behind_a_proxy_each_client_has_its_own_count()
    {
        await SpendAsync(edge.From(EdgeHost.Proxy) with { ForwardedFor = "203.0.113.40" });

        (await (edge.From(EdgeHost.Proxy) with { ForwardedFor = "203.0.113.40" }).Post(EdgeHost.Counted))
            .ShouldRefuse(429, "too-many-attempts");
        (await (edge.From(EdgeHost.Proxy) with { ForwardedFor = "203.0.113.41" }).Post(EdgeHost.Counted))
            .ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_client_that_forges_the_header_keeps_its_count()
    {
        for (var i = 0; i < EdgeHost.Limit; i++)
            (await (edge.From("203.0.113.42") with { ForwardedFor = $"203.0.113.{100 + i}" }).Post(EdgeHost.Counted))
                .ShouldBe(HttpStatusCode.NoContent);

        (await (edge.From("203.0.113.42") with { ForwardedFor = "203.0.113.199" }).Post(EdgeHost.Counted))
            .ShouldRefuse(429, "too-many-attempts");
    }

    private static async Task SpendAsync(Person client)
    {
        for (var i = 0; i < EdgeHost.Limit; i++) (await client.Post(EdgeHost.Counted)).ShouldBe(HttpStatusCode.NoContent);
    }
}
