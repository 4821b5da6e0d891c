[assembly: AssemblyFixture(typeof(MfaEvents.ConsoleTests.Harness.ConsoleRun))]

namespace MfaEvents.ConsoleTests.Harness;

/// <summary>One server with an empty database, an issuer of staff and one browser, for all journeys.</summary>
public sealed class ConsoleRun : IAsyncLifetime
{
    private static readonly string[] Quietly =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private IPlaywright? playwright;

    public TestFolder Folder { get; } = new();

    public TestIssuer Issuer { get; private set; } = null!;

    public ServerProcess Server { get; private set; } = null!;

    public IBrowser Browser { get; private set; } = null!;

    /// <summary>Where pictures of every page go when somebody wants to look at them.</summary>
    public static string? Pictures => Environment.GetEnvironmentVariable("CONSOLE_PICTURES");

    public async ValueTask InitializeAsync()
    {
        Issuer = await TestIssuer.StartAsync();
        Server = await ServerProcess.StartAsync(Folder.Data, Issuer.Settings);
        playwright = await Playwright.CreateAsync();
        Browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Headless = true, Args = Quietly });
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        playwright?.Dispose();
        await Server.DisposeAsync();
        await Issuer.DisposeAsync();
        Folder.Dispose();
    }

    /// <summary>Somebody with a browser of their own, at this server if not at another; on a phone it is narrow and dark.</summary>
    public Task<Visitor> VisitAsync(bool scripts = true, ServerProcess? server = null, bool phone = false) =>
        Visitor.ArriveAsync(this, server ?? Server, scripts, phone);
}
