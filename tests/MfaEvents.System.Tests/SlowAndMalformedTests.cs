using System.Diagnostics;

namespace MfaEvents.SystemTests;

/// <summary>Senders that are slow, silent or speak no HTTP: each is refused or dropped, none gets a fault out of the server.</summary>
public sealed class SlowAndMalformedTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string End = "\r\n\r\n";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private string Address => server.Process.Api.Address;

    public static TheoryData<string> NoRequests =>
    [
        "\r\n\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/1.1 more\r\nHost: a\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET / FTP/1.1\r\nHost: a\r\n\r\n",
        "get / HTTP/1.1\r\nHost: a\r\n\r\n",
        "G\u00c4T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET health HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
        "TRACE /accounts HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%c0%ae%c0%ae/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /accounts/%2e%2e/%2e%2e HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: nul\0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX : blank\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n",
        "POST /accounts HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /accounts HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /accounts HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "POST /accounts HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /accounts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST /accounts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /accounts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "POST /accounts HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 0\r\n\r\n",
        "POST /accounts HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n",
        $"GET /{new string('a', 9_000)} HTTP/1.1\r\nHost: a\r\n\r\n",
        $"GET / HTTP/1.1\r\nHost: a\r\nX: {new string('a', 40_000)}\r\n\r\n",
        $"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Range(0, 200).Select(i => $"X{i}: 1\r\n"))}\r\n",
        $"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {new string('a', 12_000)}.e30.x\r\n\r\n",
        $"POST /accounts HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n{new string('a', 70_000)}",
    ];

    [Theory, MemberData(nameof(NoRequests))]
    public async Task What_is_no_request_is_no_fault(string bytes)
    {
        using var connection = RawConnection.To(Address);
        await connection.SendAsync(bytes);

        // A server that waits for more has not taken offence; it will not wait for ever, as the tests below say.
        var answer = connection.ReceiveAsync();
        if (await Task.WhenAny(answer, Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken)) == answer
            && await answer is { } given)
        {
            // 505 is what RFC 9110 15.6.6 has for another version.
            if (given.Status != 505) given.Status.ShouldBeLessThan(500, given.ToString());
            if (given["X-Content-Type-Options"] is not null && given.Status >= 400) given.Problem.ShouldNotBeNull(given.ToString());
        }

        (await server.Process.Api.IsReadyAsync()).ShouldBeTrue();
        server.Process.Output.ShouldNotContain("failed unexpectedly");
    }

    [Fact]
    public async Task A_head_that_never_ends_is_dropped()
    {
        using var connection = RawConnection.To(Address);
        await connection.SendAsync("GET /health/live HTTP/1.1\r\nHost: a\r\n");

        await DroppedWhileAsync(connection, "X: 1\r\n");
    }

    [Fact]
    public async Task A_body_that_never_ends_is_dropped_and_holds_nothing()
    {
        var account = await server.Process.RegisterAsync();
        using var connection = RawConnection.To(Address);
        await connection.SendAsync($"POST {account.Devices()} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {account.Token}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: 60000{End}{{");

        // The principal that the slow request is about is free meanwhile.
        await account.AssignAsync("phone");

        // Four times the least rate, and yet too long: the limit of time ends it.
        (await DroppedWhileAsync(connection, new string(' ', 2000), TimeSpan.FromMilliseconds(500))).ShouldContain("too slowly");
        (await account.HistoryAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_body_that_trickles_is_dropped()
    {
        var account = await server.Process.RegisterAsync();
        using var connection = RawConnection.To(Address);
        await connection.SendAsync($"POST {account.Devices()} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {account.Token}\r\n"
            + $"Content-Type: application/json\r\nTransfer-Encoding: chunked{End}");

        await DroppedWhileAsync(connection, "1\r\n \r\n");
    }

    [Fact]
    public async Task A_body_that_nobody_reads_is_dropped()
    {
        using var connection = RawConnection.To(Address);
        await connection.SendAsync($"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 60000{End}{{");

        await DroppedWhileAsync(connection, " ");
    }

    // Goes on sending until the server has had enough; says what it heard.
    private static async Task<string> DroppedWhileAsync(RawConnection connection, string more, TimeSpan? every = null)
    {
        var watch = Stopwatch.StartNew();
        var closed = connection.UntilClosedAsync();
        while (!closed.IsCompleted)
        {
            watch.Elapsed.ShouldBeLessThan(Patience, "The server goes on listening.");
            await Task.WhenAny(closed, Task.Delay(every ?? TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken));
            try
            {
                await connection.SendAsync(more);
            }
            catch (Exception exception) when (exception is IOException or InvalidOperationException)
            {
                break;
            }
        }

        var said = await closed;
        TestContext.Current.TestOutputHelper!.WriteLine($"dropped after {watch.Elapsed.TotalSeconds:F1} s: {said.Split("\r\n")[0]}");
        if (said.Length > 0) said.ShouldStartWith("HTTP/1.1 4");
        return said;
    }
}
