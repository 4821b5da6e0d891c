using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;

namespace MfaEvents.ConsoleTests.Harness;

/// <summary>
/// Somebody at the console, in a browser that shares nothing with others. Whatever a page violates of its policy, or throws, fails the
/// test at its end.
/// </summary>
public sealed partial class Visitor : IAsyncDisposable
{
    private const string TellViolations =
        "addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`));";

    private const string GoesOn = "**/state";

    private readonly ConcurrentQueue<string> faults = new();
    private readonly IBrowserContext context;
    private readonly bool scripts;
    private readonly bool phone;

    private Visitor(ConsoleRun run, ServerProcess server, IBrowserContext context, IPage page, bool scripts, bool phone)
    {
        (Run, Server, this.context, Page, this.scripts, this.phone) = (run, server, context, page, scripts, phone);
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.Contains("the server responded with a status of", StringComparison.Ordinal))
                faults.Enqueue($"{page.Url}: {message.Text}");
        };
        page.PageError += (_, fault) => faults.Enqueue($"{page.Url}: {fault}");
    }

    public ConsoleRun Run { get; }

    public ServerProcess Server { get; }

    public IPage Page { get; }

    public ILocator Heading => Page.GetByRole(AriaRole.Heading, new() { Level = 1 });

    public ILocator Alert => Page.GetByRole(AriaRole.Alert);

    public static async Task<Visitor> ArriveAsync(ConsoleRun run, ServerProcess server, bool scripts, bool phone)
    {
        var context = await run.Browser.NewContextAsync(new()
        {
            ViewportSize = Screen(phone), ColorScheme = phone ? ColorScheme.Dark : ColorScheme.Light, HasTouch = phone,

            // A transition from page to page that is cut off by another size of the window is an error to Chromium.
            ReducedMotion = ReducedMotion.Reduce,
            BaseURL = server.Api.Address, JavaScriptEnabled = scripts, Locale = "en-GB", TimezoneId = "America/New_York", BypassCSP = false,
        });
        context.SetDefaultTimeout(20_000);
        if (scripts) await context.AddInitScriptAsync(TellViolations);
        return new Visitor(run, server, context, await context.NewPageAsync(), scripts, phone);
    }

    public Task GoAsync(string path) => Page.GotoAsync(path);

    public Task FillAsync(string label, string text) => Page.GetByLabel(label, new() { Exact = true }).FillAsync(text);

    public Task PressAsync(string button) => Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    public Task FollowAsync(string link) => Page.GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).ClickAsync();

    public async Task SeesAsync(string heading) => await Assertions.Expect(Heading).ToHaveTextAsync(heading);

    public async Task ReadsAsync(string text) => await Assertions.Expect(Page.Locator("main")).ToContainTextAsync(text);

    public async Task SignInAsync(OwnedAccount account)
    {
        await GoAsync("/console/sign-in");
        await FillAsync("E-mail address", account.Email);
        await FillAsync("Password", Scenario.Password);
        await PressAsync("Sign in");
    }

    public async Task SignInAsStaffAsync(params IEnumerable<string> options)
    {
        await GoAsync("/console/staff");
        await Page.Locator("textarea").FillAsync(await Server.TokenAsync(options));
        await PressAsync("Sign in");
        await Page.WaitForURLAsync(url => !url.EndsWith("/staff", StringComparison.Ordinal));
    }

    /// <summary>Goes to an element by Tab alone; in a group of choices the first Tab goes to the one that is chosen.</summary>
    public async Task TabToAsync(ILocator element)
    {
        for (var presses = 0; presses < 40; presses++)
        {
            await Page.Keyboard.PressAsync("Tab");
            if (await element.EvaluateAsync<bool>("it => it === document.activeElement")) return;
        }

        throw new InvalidOperationException($"Nobody gets to {element} with the keyboard.");
    }

    /// <summary>
    /// The page as it is now is one that everybody can use: in light and dark, wide and at 320 px, with one heading of the first level,
    /// nothing that axe-core objects to, and no scrolling sideways. A picture of each goes to <see cref="ConsoleRun.Pictures"/>.
    /// </summary>
    public async Task LookAsync(string name)
    {
        // A page that goes on by itself stands still meanwhile.
        await Page.RouteAsync(GoesOn, route => route.FulfillAsync(new() { Status = 503 }));
        (await Page.Locator("h1").CountAsync()).ShouldBe(1, Page.Url);
        (await Page.TitleAsync()).ShouldNotBeEmpty(Page.Url);
        foreach (var (width, scheme) in ((int, ColorScheme)[])[(1280, ColorScheme.Light), (320, ColorScheme.Dark), (320, ColorScheme.Light), (1280, ColorScheme.Dark)])
        {
            await Page.SetViewportSizeAsync(width, 800);
            await Page.EmulateMediaAsync(new() { ColorScheme = scheme });
            if (scripts)
            {
                (await Page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width, $"{name} scrolls sideways at {width} px");
                var found = await Page.RunAxe();
                found.Violations.Select(violation => $"{name} {width} {scheme}: {violation.Id}, {violation.Help}: {violation.Nodes[0].Html}").ShouldBeEmpty();
            }

            if (ConsoleRun.Pictures is { } folder)
                await Page.ScreenshotAsync(new() { Path = $"{folder}/{name}-{width}-{scheme.ToString().ToLowerInvariant()}.png", FullPage = true });
        }

        await Page.SetViewportSizeAsync(Screen(phone).Width, Screen(phone).Height);
        await Page.EmulateMediaAsync(new() { ColorScheme = phone ? ColorScheme.Dark : ColorScheme.Light });
        await Page.UnrouteAsync(GoesOn);
    }

    /// <summary>What a phone reads from the screen: the secret key in the QR code of a picture of the page.</summary>
    public async Task<string> ScanAsync()
    {
        var picture = Run.Folder[$"screen-{Guid.NewGuid():n}.png"];
        await Page.ScreenshotAsync(new() { Path = picture, FullPage = true });
        var read = (await Command.RunAsync("zbarimg", "-q", "--raw", picture)).Succeeded();
        return Secret().Match(read).Groups[1].Value;
    }

    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        faults.ShouldBeEmpty();
    }

    private static ViewportSize Screen(bool phone) => phone ? new() { Width = 320, Height = 640 } : new() { Width = 1280, Height = 800 };

    [GeneratedRegex("secret=([A-Z2-7]+)")]
    private static partial Regex Secret();
}
