using System.Net;

namespace MfaEvents.Server.Tests.Console;

/// <summary>Signing in at the console, without scripts, as its users do and as its attackers would.</summary>
public sealed class SignInPagesTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_root_user_without_a_device_signs_in_with_the_password_and_out_again()
    {
        var account = await api.RegisteredAccount();
        var browser = await Browser.SignedInAsync(account);
        browser.Page.Heading.ShouldBe("Security credentials");
        browser.Page.Address.ShouldBe($"/console/accounts/{account.Id}/principals/root");
        browser.Page.Html.ShouldContain("No MFA device is assigned.");

        var stolen = new Browser(api, account.Time) { Cookies = new(browser.Cookies) };
        (await browser.SubmitAsync("/console/sign-out")).Heading.ShouldBe("Sign in");
        browser.Cookies.ShouldNotContainKey("session");
        (await stolen.GetAsync($"/console/accounts/{account.Id}/principals/root")).Heading.ShouldBe("Sign in");
    }

    [Fact]
    public async Task A_device_is_asked_for_its_code_and_a_wrong_one_is_refused_as_the_API_refuses_it()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice("phone").Activated();
        await account.AssignedDevice("tablet").Activated();
        var browser = await Browser.SignedInAsync(account);
        browser.Page.Heading.ShouldBe("Multi-factor authentication");
        browser.Page.Html.ShouldContain("Which MFA method?");
        browser.Cookies.ShouldNotContainKey("session");

        var wrong = await browser.SubmitAsync("code", ("Form.DeviceId", $"{phone.Id}"), ("Form.Code", phone.WrongCode()));
        wrong.Problem.ShouldBe("Authentication code for device is not valid.");
        (await account.Root.Get($"{account.RootPath}/history"))["items"].EnumerateArray().Last()
            .GetProperty("eventType").GetString().ShouldBe("sign_in_refused");

        var code = phone.Code(1);
        var page = await browser.SubmitAsync("code", ("Form.DeviceId", $"{phone.Id}"), ("Form.Code", $"{code[..3]} {code[3..]}"));
        page.Heading.ShouldBe("Security credentials", page.Problem);
        page.Html.ShouldContain("phone");
        browser.Cookies.ShouldNotContainKey("sign-in");
    }

    [Fact]
    public async Task A_form_without_its_token_or_with_another_browsers_changes_nothing()
    {
        var account = await api.RegisteredAccount();
        var (browser, other) = (new Browser(api), new Browser(api));
        var token = (await other.GetAsync("/console/sign-in")).Hidden("credentials")["__RequestVerificationToken"];
        await browser.GetAsync("/console/sign-in");
        (string, string)[] fields = [("_handler", "credentials"), ("Form.Email", account.Email), ("Form.Password", account.Password)];
        foreach (var forged in (string?[])[null, "", "x", token])
        {
            var page = await browser.PostAsync("/console/sign-in", forged is null ? fields : [.. fields, ("__RequestVerificationToken", forged)]);
            page.Status.ShouldBe(400);
            browser.Cookies.ShouldNotContainKey("session");
        }

        var owner = await Browser.SignedInAsync(account);
        (await owner.PostAsync("/console/sign-out")).Heading.ShouldBe("Security credentials");
    }

    [Fact]
    public async Task Cookies_that_this_product_did_not_make_are_nobodys()
    {
        var account = await api.RegisteredAccount();
        var path = $"/console/accounts/{account.Id}/principals/root";
        foreach (var cookie in (string[])["x", "", "%00", account.A("auditor").Accounts[0], new string('A', 4000)])
            (await new Browser(api) { Cookies = new() { ["session"] = cookie } }.GetAsync(path)).Heading.ShouldBe("Sign in");

        // A cookie of one kind is none of the other.
        await account.AssignedDevice("phone").Activated();
        var browser = await Browser.SignedInAsync(account);
        browser.Cookies["session"] = browser.Cookies["sign-in"];
        (await browser.GetAsync(path)).Heading.ShouldBe("Sign in");
    }

    // Whoever plants a cookie of their own in somebody's browser learns nothing of what that somebody does after signing in.
    [Fact]
    public async Task A_session_that_was_there_before_signing_in_is_not_the_one_that_is_signed_in()
    {
        var (victim, attacker) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var planted = (await Browser.SignedInAsync(attacker)).Cookies["session"];
        var browser = new Browser(api, victim.Time) { Cookies = new() { ["session"] = planted } };
        await browser.GetAsync("/console/sign-in");
        await browser.SubmitAsync("credentials", ("Form.Email", victim.Email), ("Form.Password", victim.Password));
        browser.Page.Address.ShouldBe($"/console/accounts/{victim.Id}/principals/root");
        browser.Cookies["session"].ShouldNotBe(planted);
        var thief = new Browser(api, victim.Time) { Cookies = new() { ["session"] = planted } };
        (await thief.GetAsync($"/console/accounts/{victim.Id}/principals/root")).Problem.ShouldBe("There is nothing here that you may see.");
    }

    [Fact]
    public async Task No_parameter_of_a_page_sends_anybody_elsewhere()
    {
        var account = await api.RegisteredAccount();
        var browser = new Browser(api, account.Time);
        foreach (var name in (string[])["returnUrl", "ReturnUrl", "redirect_uri", "next", "continue"])
        {
            await browser.GetAsync($"/console/sign-in?{name}=https://attacker.example/");
            browser.Page.Html.ShouldNotMatch("(href|action|src|content)=\"[^\"/]*//");
        }

        await browser.SubmitAsync("credentials", ("Form.Email", account.Email), ("Form.Password", account.Password));
        browser.Page.Address.ShouldBe($"/console/accounts/{account.Id}/principals/root");
        (await browser.GetAsync("/console/audit?account=//attacker.example")).Heading.ShouldBe("Audit");
    }

    [Fact]
    public async Task A_wait_is_told_in_seconds_that_a_script_lets_run_down()
    {
        var account = await api.RegisteredAccount();
        var browser = new Browser(api, account.Time);
        await browser.GetAsync("/console/sign-in");
        for (var i = 0; i < 6; i++) await browser.SubmitAsync("credentials", ("Form.Email", account.Email), ("Form.Password", "wrong wrong wrong"));
        browser.Page.Html.ShouldMatch("data-wait=\"[1-5]\"");
        browser.Page.Problem!.ShouldContain("Try again in");
    }

    [Theory]
    [InlineData("text/html,*/*;q=0.8", "text/html"), InlineData("*/*", "application/problem+json")]
    public async Task What_is_not_there_is_a_page_for_people_and_a_problem_for_programs(string accept, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/console/nothing") { Headers = { { "Accept", accept } } };
        var answer = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
        ((int)answer.StatusCode, answer.Content.Headers.ContentType!.MediaType).ShouldBe((404, type));
        using var elsewhere = new HttpRequestMessage(HttpMethod.Get, "/nothing") { Headers = { { "Accept", accept } } };
        (await api.Client.SendAsync(elsewhere, TestContext.Current.CancellationToken)).Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Fact]
    public async Task Another_accounts_page_shows_nothing_of_it()
    {
        var (account, other) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        await other.AssignedDevice("somebody-elses");
        var browser = await Browser.SignedInAsync(account);
        var page = await browser.GetAsync($"/console/accounts/{other.Id}/principals/root");
        page.Problem.ShouldBe("There is nothing here that you may see.");
        page.Html.ShouldNotContain("somebody-elses");
    }

    [Fact]
    public async Task What_a_page_writes_is_text_whatever_a_device_or_a_field_is_called()
    {
        const string Markup = "\"><script>alert(1)</script>";
        var browser = new Browser(api);
        await browser.GetAsync("/console/sign-in");
        var page = await browser.SubmitAsync("credentials", ("Form.Email", Markup), ("Form.Password", "x"));
        page.Html.ShouldNotContain("<script>");
        page.Html.ShouldContain("&lt;script&gt;");
    }

    [Fact]
    public async Task Every_page_says_what_it_may_load_and_is_kept_by_nobody()
    {
        var page = await new Browser(api).GetAsync("/console/sign-in");
        page.Status.ShouldBe(200);
        var policy = page.Answer.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldNotContain("unsafe");
        policy.ShouldNotContain("http");
        foreach (var part in (string[])["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"])
            policy.ShouldContain(part);
        page.Answer.Headers.GetValues("Referrer-Policy").Single().ShouldBe("no-referrer");
        page.Answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        page.Html.ShouldNotContain(" style=");
        var asset = System.Text.RegularExpressions.Regex.Match(page.Html, "href=\"(/console/assets/.*?)\"").Groups[1].Value;
        var sheet = await api.Client.GetAsync(asset, TestContext.Current.CancellationToken);
        (sheet.StatusCode, sheet.Content.Headers.ContentType!.MediaType).ShouldBe((HttpStatusCode.OK, "text/css"));
        (await api.Client.GetAsync("/console/assets/x/console.css", TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
