using System.Net;
using MfaEvents.Server.Tests.Support;

namespace MfaEvents.Server.Tests.Notifications;

/// <summary>The pages behind the links of mails, in a browser; and what others make of them.</summary>
public sealed class LinkPagesTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_browser_loses_the_token_from_its_address_at_once_and_its_button_works()
    {
        var (account, mail) = await ANotice();
        var version = await account.VersionOf("root");
        var browser = new Browser(api, account.Time);
        var page = await browser.GetAsync(mail.Link);
        page.Status.ShouldBe(200);
        page.Heading.ShouldBe("This was not me");
        page.Address.ShouldStartWith("/links/repudiation?link=");
        (page.Address + page.Html).ShouldNotContain(mail.Token[13..]);
        string.Concat(browser.Cookies.Values).ShouldNotContain(mail.Token[13..]);
        (await account.VersionOf("root")).ShouldBe(version);

        // Reading it again is no harm.
        (await browser.GetAsync(page.Address)).Status.ShouldBe(200);
        var done = await browser.PostAsync(page.Address, browser.Page.HiddenFields);
        done.Status.ShouldBe(200, done.Html);
        done.Html.ShouldContain("Done.");
        (await account.VersionOf("root")).ShouldBe(version + 2);
        browser.Cookies.Keys.ShouldNotContain(name => name.Contains("link-"));
        (await browser.GetAsync(page.Address)).Status.ShouldBe(403);
    }

    [Fact]
    public async Task The_cookie_is_for_the_page_alone_and_opens_nowhere_else()
    {
        var (account, mail) = await ANotice();
        using var request = new HttpRequestMessage(HttpMethod.Get, mail.Link) { Headers = { { "Sec-Fetch-Mode", "navigate" } } };
        var answer = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        answer.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
        answer.Headers.Location!.OriginalString.ShouldNotContain("token");
        var cookie = answer.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem().ToLowerInvariant();
        foreach (var part in (string[])["httponly", "samesite=lax", "max-age=3600", "path=/"]) cookie.ShouldContain(part);

        // Under the name of another link it is nothing.
        var (_, others) = await ANotice();
        var browser = new Browser(api, account.Time);
        await browser.GetAsync(mail.Link);
        var (own, stolen) = (browser.Page.Address, browser.Cookies.Single());
        await browser.GetAsync(others.Link);
        var other = browser.Page.Address;
        browser.Cookies["link-" + other[^16..]] = stolen.Value;
        (await browser.GetAsync(other)).Status.ShouldBe(403);
        (await browser.GetAsync(own)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_form_that_was_not_on_the_page_changes_nothing()
    {
        var (account, mail) = await ANotice();
        var version = await account.VersionOf("root");
        var browser = new Browser(api, account.Time);
        await browser.GetAsync(mail.Link);
        var (address, hidden) = (browser.Page.Address, browser.Page.HiddenFields);
        hidden.Select(field => field.Name).ShouldBe(["link", "guard"]);
        var link = hidden[0];

        foreach (var forged in ((string, string)[][])[[link], [link, ("guard", "")], [link, ("guard", new string('0', 32))], [("link", "../../etc"), hidden[1]], []])
            (await browser.PostAsync(address, forged)).Status.ShouldBe(403);
        (await new Browser(api, account.Time).PostAsync(address, hidden)).Status.ShouldBe(403);
        (await new Browser(api, account.Time).GetAsync(address)).Status.ShouldBe(403);
        (await browser.PostAsync(address.Replace("repudiation", "veto"), hidden)).Status.ShouldBe(403);
        (await account.VersionOf("root")).ShouldBe(version);
        (await browser.PostAsync(address, hidden)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Two_links_that_are_open_side_by_side_are_not_mixed_up()
    {
        var ((one, first), (two, second)) = (await ANotice(), await ANotice());
        var browser = new Browser(api, one.Time);
        await browser.GetAsync(first.Link);
        var (address, hidden) = (browser.Page.Address, browser.Page.HiddenFields);
        await browser.GetAsync(second.Link);
        var version = await two.VersionOf("root");
        (await browser.PostAsync(address, hidden)).Status.ShouldBe(200);
        (await api.EventsAsync(one.Id, "root")).ShouldContain(e => e.EventTypeName == "notice_repudiated");
        (await two.VersionOf("root")).ShouldBe(version);
    }

    [Fact]
    public async Task A_veto_and_a_proof_have_such_pages_too()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase().Approved();
        var browser = new Browser(api, account.Time);
        await browser.GetAsync((await Mailbox.Of(account).Get("Support will remove every MFA device")).Link);
        (await found.State()).ShouldBe("coolingOff");
        (await browser.PostAsync(browser.Page.Address, browser.Page.HiddenFields)).Status.ShouldBe(200);
        (await found.State()).ShouldBe("vetoed");

        var (lost, _) = await api.AccountWithLostDevice();
        var token = await (await lost.BegunRecovery()).EmailToken();
        var page = await new Browser(api, lost.Time).GetAsync($"/links/recovery-email?token={token}");
        page.Address.ShouldNotContain(token[13..]);
        page.Html.ShouldContain(token);
        page.Html.ShouldNotContain("<form class");
    }

    private async Task<(OpenAccount Account, Received Mail)> ANotice()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        return (account, await Mailbox.Of(account).Get("An MFA device was activated"));
    }
}
