using MfaEvents.Server.Edge;
using MfaEvents.Server.Setup;
using Microsoft.Extensions.Configuration;

namespace MfaEvents.Server.Tests.Edge;

[Collection(nameof(AtTheEdge))]
public sealed class KnownProxiesTests(TestRun run, EdgeHost edge)
{
    private const string Client = "203.0.113.99";

    [Theory]

    // A known proxy says whom it speaks for.
    [InlineData(EdgeHost.Proxy, Client, Client)]
    [InlineData(EdgeHost.ProxyOfNetwork, Client, Client)]
    [InlineData("::ffff:" + EdgeHost.Proxy, Client, Client)]
    [InlineData("2001:db8:aaaa:7::1", "2001:db8:1::7", "2001:db8:1::7")]
    [InlineData(EdgeHost.Proxy, Client + ":50123", Client)]
    [InlineData(EdgeHost.Proxy, "[2001:db8:1::7]:50123", "2001:db8:1::7")]

    // A chain of known proxies; what the client wrote itself stands left of its own address, and is not read.
    [InlineData(EdgeHost.Proxy, Client + ", " + EdgeHost.ProxyOfNetwork, Client)]
    [InlineData(EdgeHost.Proxy, "192.0.2.66, " + Client, Client)]
    [InlineData(EdgeHost.Proxy, "127.0.0.1, " + Client, Client)]
    [InlineData(EdgeHost.Proxy, EdgeHost.Proxy + ", " + Client, Client)]
    [InlineData(EdgeHost.Proxy, "192.0.2.66, " + Client + ", " + EdgeHost.ProxyOfNetwork, Client)]

    // Nobody else does.
    [InlineData(Client, "192.0.2.66", Client)]
    [InlineData(Client, "192.0.2.66, " + EdgeHost.Proxy, Client)]
    [InlineData("198.51.100.191", "192.0.2.66", "198.51.100.191")]
    [InlineData("2001:db8:aaab::1", "192.0.2.66", "2001:db8:aaab::1")]

    // Of a proxy that writes nonsense only the proxy is known.
    [InlineData(EdgeHost.Proxy, "localhost", EdgeHost.Proxy)]
    [InlineData(EdgeHost.Proxy, "1.2.3.4.5", EdgeHost.Proxy)]
    [InlineData(EdgeHost.Proxy, "unknown", EdgeHost.Proxy)]
    [InlineData(EdgeHost.Proxy, "'; drop table events; --", EdgeHost.Proxy)]
    [InlineData(EdgeHost.Proxy, ", ,", EdgeHost.Proxy)]
    [InlineData(EdgeHost.Proxy, Client + ", garbage", EdgeHost.Proxy)]
    public async Task The_client_is_who_the_last_unknown_peer_says(string peer, string header, string client)
    {
        var reply = await (edge.From(peer) with { ForwardedFor = header }).Get(EdgeHost.Echo);

        var seen = reply.Text.Split(' ')[0];
        (seen.StartsWith("::ffff:", StringComparison.Ordinal) ? seen[7..] : seen).ShouldBe(client);
    }

    [Fact]
    public async Task A_chain_is_followed_so_far_and_no_farther()
    {
        var chain = string.Join(", ", Enumerable.Repeat(EdgeHost.Proxy, 20).Prepend("192.0.2.66"));

        (await (edge.From(EdgeHost.Proxy) with { ForwardedFor = chain }).Get(EdgeHost.Echo)).Text.ShouldStartWith(EdgeHost.Proxy + " ");
    }

    [Theory]
    [InlineData(EdgeHost.Proxy, "https", "https")]
    [InlineData(EdgeHost.Proxy, "javascript://", "http")]
    [InlineData(Client, "https", "http")]
    public async Task The_scheme_is_believed_like_the_address(string peer, string header, string scheme)
    {
        var reply = await (edge.From(peer) with { ForwardedFor = Client, ForwardedProto = header }).Get(EdgeHost.Echo);

        reply.Text.Split(' ')[1].ShouldBe(scheme);
    }

    [Fact]
    public async Task The_host_is_not_believed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, EdgeHost.Echo);
        request.Headers.Add(TestConditions.AddressHeader, EdgeHost.Proxy);
        request.Headers.Add("X-Forwarded-Host", "evil.example");
        request.Headers.Add("X-Forwarded-For", Client);

        using var response = await edge.Api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe($"{Client} http localhost");
    }

    [Fact]
    public async Task A_peer_without_an_address_is_known_by_nobody() =>
        (await (edge.From(null) with { ForwardedFor = Client }).Get(EdgeHost.Echo)).Text.ShouldStartWith(" http ");

    [Fact]
    public async Task The_origin_of_an_event_is_the_client_behind_the_proxy()
    {
        var account = await edge.Api.RegisteredAccount();
        await account.AssignedDevice(account.Root with { Address = EdgeHost.Proxy, ForwardedFor = $"192.0.2.66, {Client}" }, "root");

        (await edge.Api.EventsAsync(account.Id, "root"))[^1].Headers!["clientAddress"].ToString().ShouldBe(Client);
    }

    [Theory]
    [InlineData(EdgeHost.Proxy)]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Without_the_setting_nobody_is_believed(string peer)
    {
        var account = await run.Host.RegisteredAccount();
        await account.AssignedDevice(account.Root with { Address = peer, ForwardedFor = Client }, "root");

        (await run.Host.EventsAsync(account.Id, "root"))[^1].Headers!["clientAddress"].ToString().ShouldBe(peer);
    }

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("10.0.0.0/8")]
    [InlineData("0.0.0.0/1")]
    [InlineData("::1")]
    [InlineData("2001:DB8::/32")]
    public void An_address_or_a_network_is_a_known_proxy(string text) => KnownProxies.Parse(text).ShouldNotBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("10.7")]
    [InlineData("0x0a000007")]
    [InlineData("proxy.example.com")]
    [InlineData("10.0.0.7/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/")]
    [InlineData("10/8")]
    [InlineData("0.0.0.0/0")]
    [InlineData("::/0")]
    [InlineData("10.0.0.1,10.0.0.2")]
    public void Everything_else_stops_the_start(string text)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["MfaEvents:KnownProxies:0"] = text }).Build();

        Should.Throw<SettingsException>(() => MfaEventsSettings.Read(configuration)).Message
            .ShouldStartWith($"The configuration is wrong: MfaEvents:KnownProxies: \"{text}\" is neither");
    }

    [Fact]
    public void One_text_instead_of_a_list_stops_the_start_too()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["MfaEvents:KnownProxies"] = "10.0.0.7" }).Build();

        Should.Throw<SettingsException>(() => MfaEventsSettings.Read(configuration)).Message.ShouldContain("KnownProxies");
    }
}
