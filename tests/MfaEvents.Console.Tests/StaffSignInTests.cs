using System.Net;
using System.Text.RegularExpressions;

namespace MfaEvents.ConsoleTests;

/// <summary>Staff come through the organisation's issuer; and those who would like to come with them.</summary>
public sealed class StaffSignInTests(ConsoleRun run)
{
    private const string Callback = "/console/staff/0/callback";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_auditor_signs_in_where_the_organisation_says_who_they_are(bool scripts)
    {
        await using var auditor = await run.VisitAsync(scripts);
        await auditor.GoAsync("/console/sign-in");
        await auditor.FollowAsync("Staff sign-in");
        await auditor.FollowAsync("Sign in with Example Corp");
        await auditor.FillAsync("Name", "ada");
        await auditor.FillAsync("Roles", "auditor");
        await auditor.PressAsync("Go in");
        await auditor.SeesAsync("Cases");
        auditor.Page.Url.ShouldEndWith("/console/cases");
        await auditor.FollowAsync("Audit");
        await auditor.SeesAsync("Audit");
        await auditor.PressAsync("Sign out");
        await auditor.SeesAsync("Sign in");
        await auditor.GoAsync("/console/audit");
        await auditor.GoAsync("/console/cases");
        await auditor.SeesAsync("Staff sign-in");
    }

    [Fact]
    public async Task Whoever_stays_out_or_has_no_role_here_is_told_so_calmly()
    {
        await using var nobody = await run.VisitAsync();
        foreach (var (roles, button) in ((string, string)[])[("auditor", "Stay out"), ("", "Go in"), ("operator owner", "Go in")])
        {
            await nobody.GoAsync("/console/staff");
            await nobody.FollowAsync("Sign in with Example Corp");
            await nobody.FillAsync("Name", "mallory");
            await nobody.FillAsync("Roles", roles);
            await nobody.PressAsync(button);
            await nobody.SeesAsync("Staff sign-in");
            await Assertions.Expect(nobody.Alert).ToContainTextAsync("Nobody was signed in.");
            nobody.Page.Url.ShouldEndWith("/console/staff?refused=true");
        }

        await nobody.LookAsync("staff-refused");
    }

    [Fact]
    public async Task A_way_back_that_is_true_is_good_for_one_browser_and_once()
    {
        using var ada = new CookieClient(run.Server.Api.Address);
        using var mallory = new CookieClient(run.Server.Api.Address);
        var way = await WayBackAsync(ada, "&person=ada&roles=auditor");

        // Another browser, which began nothing, or something else.
        await RefusedAsync(mallory, way);
        await WayBackAsync(mallory, "&person=mallory&roles=auditor");
        await RefusedAsync(mallory, way);

        var arrived = await ada.GetAsync(way);
        arrived.StatusCode.ShouldBe(HttpStatusCode.OK);
        arrived.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var page = await arrived.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        page.ShouldContain("""<meta http-equiv="refresh" content="0; url=/console">""");
        ada.Cookies.ShouldContain(cookie => cookie.StartsWith("session=", StringComparison.Ordinal) && cookie.Contains("samesite=strict") && cookie.Contains("httponly"));
        (await ada.GetAsync("/console/cases")).StatusCode.ShouldBe(HttpStatusCode.OK);

        await RefusedAsync(ada, way);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?code=x")]
    [InlineData("?code=x&state=x")]
    [InlineData("?error=server_error&error_description=<script>alert(1)</script>&state=x")]
    public async Task A_way_back_that_nobody_began_leads_nowhere(string query)
    {
        using var stranger = new CookieClient(run.Server.Api.Address);
        await RefusedAsync(stranger, Callback + query);
    }

    [Fact]
    public async Task Whoever_tries_many_codes_does_not_keep_the_issuer_busy()
    {
        using var folder = new TestFolder();
        await using var server = await ServerProcess.StartAsync(folder.Data, run.Issuer.Settings.With("MfaEvents__PerAddressPerMinute", "5"));
        using var stranger = new CookieClient(server.Api.Address);
        for (var attempt = 1; attempt <= 5; attempt++) await RefusedAsync(stranger, $"{Callback}?code={attempt}&state=x");
        (await stranger.GetAsync($"{Callback}?code=6&state=x")).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Theory]
    [InlineData("&person=ada&roles=auditor&aud=another-product")]
    [InlineData("&person=ada&roles=operator%20provisioner")]
    [InlineData("&person=ada&roles=auditor&padding=8192")]
    [InlineData("&person=ada&roles=auditor&nonce=another")]
    [InlineData("&person=ada&roles=auditor&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    public async Task A_token_that_is_not_for_here_signs_nobody_in(string asked)
    {
        using var stranger = new CookieClient(run.Server.Api.Address);
        await RefusedAsync(stranger, await WayBackAsync(stranger, asked));
        (await stranger.GetAsync("/console/cases")).Headers.Location!.OriginalString.ShouldEndWith("/console/staff");
    }

    [Fact]
    public async Task A_long_token_fits_into_the_cookies()
    {
        using var stranger = new CookieClient(run.Server.Api.Address);
        (await stranger.GetAsync(await WayBackAsync(stranger, "&person=ada&roles=auditor&padding=5000"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await stranger.GetAsync("/console/cases")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Where_nobody_is_configured_nothing_begins()
    {
        using var stranger = new CookieClient(run.Server.Api.Address);
        foreach (var index in (int[])[1, -1, 99])
        {
            var answer = await stranger.GetAsync($"/console/staff/{index}");
            answer.Headers.Location!.OriginalString.ShouldBe("/console/staff");
        }

        var begun = await stranger.GetAsync("/console/staff/0?returnUrl=https://evil.example&redirect_uri=https://evil.example");
        var asked = begun.Headers.Location!.OriginalString;
        asked.ShouldStartWith(run.Issuer.Address);
        asked.ShouldNotContain("evil");
        asked.ShouldContain("response_type=code");
        asked.ShouldContain("code_challenge_method=S256");
        asked.ShouldNotContain(Uri.EscapeDataString(TestIssuer.Secret));
    }

    [Fact]
    public async Task An_issuer_that_is_silent_is_told_of()
    {
        using var folder = new TestFolder();
        await using var server = await ServerProcess.StartAsync(folder.Data, run.Issuer.Settings.With("MfaEvents__Issuers__0__Issuer", "http://localhost:9/"));
        using var stranger = new CookieClient(server.Api.Address);
        (await stranger.GetAsync("/console/staff/0")).Headers.Location!.OriginalString.ShouldBe("/console/staff?silent=true");
        (await TextAsync(stranger, "/console/staff?silent=true")).ShouldContain("does not answer");
    }

    [Fact]
    public async Task In_production_cookies_are_the_hosts_alone_and_nobody_pastes_a_token()
    {
        using var folder = new TestFolder();
        await using var server = await ServerProcess.StartAsync(folder.Data, run.Issuer.Settings.InProduction
            .With("MfaEvents__PublicUrl", "https://mfa.example.com")
            .With("MfaEvents__KnownProxies__0", "127.0.0.1"));
        using var ada = new CookieClient(server.Api.Address, behindTls: true);
        (await ada.GetAsync("/console/sign-in")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await TextAsync(ada, "/console/staff")).ShouldNotContain("name=\"Form.Token\"");
        (await TextAsync(ada, "/console/development")).ShouldContain("Mail and calls go to whoever they are for.");

        var way = await WayBackAsync(ada, "&person=ada&roles=auditor");
        (await ada.GetAsync(way)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ada.GetAsync("/console/cases")).StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (var name in (string[])["antiforgery", "staff-state.", "staff-nonce.", "session"])
            ada.Cookies.ShouldContain(cookie => cookie.StartsWith($"__host-{name}", StringComparison.Ordinal), name);
        foreach (var cookie in ada.Cookies)
        {
            cookie.ShouldStartWith("__host-");
            cookie.ShouldContain("; secure");
            cookie.ShouldContain("; httponly");
            cookie.ShouldContain("; path=/");
            cookie.ShouldNotContain("domain=");
        }
    }

    // Through the issuer as the server asked, but for what is asked otherwise; answers where the browser is sent back to.
    private static async Task<string> WayBackAsync(CookieClient stranger, string asked)
    {
        var begun = (await stranger.GetAsync("/console/staff/0")).Headers.Location!.OriginalString;
        foreach (var name in asked.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(item => item.Split('=')[0]))
            begun = Regex.Replace(begun, $"(?<=[?&]){name}=[^&]*&?", "");
        var back = (await stranger.GetAsync(begun + asked)).Headers.Location!;
        back.AbsolutePath.ShouldBe(Callback);
        return back.PathAndQuery;
    }

    private static async Task<string> TextAsync(CookieClient visitor, string path) =>
        await (await visitor.GetAsync(path)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private static async Task RefusedAsync(CookieClient stranger, string way)
    {
        stranger.Cookies.Clear();
        var answer = await stranger.GetAsync(way);
        answer.StatusCode.ShouldBe(HttpStatusCode.Found);
        answer.Headers.Location!.OriginalString.ShouldEndWith("/console/staff?refused=true");
        stranger.Cookies.ShouldNotContain(cookie => cookie.StartsWith("session=", StringComparison.Ordinal) && !cookie.StartsWith("session=;", StringComparison.Ordinal));
    }
}
