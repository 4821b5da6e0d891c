using System.Net;
using System.Text.RegularExpressions;

namespace MfaEvents.Server.Tests.Console;

/// <summary>The wizard, without scripts.</summary>
public sealed class AssignPagesTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_device_is_assigned_in_one_go_and_wrong_codes_are_no_reason_to_begin_anew()
    {
        var (account, browser, device) = await Shown("phone");
        browser.Page.Html.ShouldContain("<img class=\"qr\" src=\"data:image/png;base64,");

        var wrong = await Submit(browser, device.WrongCode(), device.WrongCode());
        wrong.Problem.ShouldBe("Authentication code for device is not valid.");
        Key(wrong).ShouldBe(device.SecretKey);

        // Both in one field, as they were pasted.
        var done = await Submit(browser, $"{device.Code(-1)} {device.Code()}", "");
        done.Html.ShouldContain("phone is assigned</h2>", customMessage: done.Problem);
        done.Html.ShouldNotContain(device.SecretKey);
        (await account.Root.Get($"{account.RootPath}/mfa-devices"))["devices"][0].GetProperty("status").GetString().ShouldBe("active");
    }

    // Its pair is in the past by then: whoever has the password alone changes an only device no more, and the sign-in resyncs it.
    [Fact]
    public async Task Codes_that_come_too_late_lead_to_a_resync_when_signing_in()
    {
        var (account, browser, device) = await Shown("phone");
        (await Submit(browser, device.Code(-31), device.Code(-30))).Html.ShouldContain("phone is assigned, and out of sync");
        var refused = await browser.SubmitAsync("resync", ("Form.Code1", device.Code(-1)), ("Form.Code2", device.Code()));
        refused.Problem.ShouldStartWith("Sign in again");
        refused.Html.ShouldContain("href=\"/console/sign-in\"");

        browser = await Browser.SignedInAsync(account);
        (await browser.SubmitAsync("code", ("Form.Code", device.Code()))).Html.ShouldContain("Re-sync with our servers");
        var resync = await browser.SubmitAsync("resync", ("Form.Code1", $"{device.Code(-1)} {device.Code()}"));
        resync.Html.ShouldContain("Your device is in sync again.", customMessage: resync.Problem);
        (await browser.SubmitAsync("code", ("Form.Code", device.Code(1)))).Heading.ShouldBe("Security credentials");
    }

    [Fact]
    public async Task A_second_device_is_resynced_right_there()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice("phone").Activated();
        var browser = await Browser.SignedInAsync(account);
        await browser.SubmitAsync("code", ("Form.Code", phone.Code(1)));
        await browser.GetAsync($"/console/accounts/{account.Id}/principals/root/assign");
        var page = await browser.SubmitAsync("device", ("Form.DeviceName", "tablet"));
        var tablet = new HeldDevice(account, account.Root, "root", Guid.Parse(page.Hidden("codes")["Form.DeviceId"]), "tablet", Key(page));
        (await Submit(browser, tablet.Code(-31), tablet.Code(-30))).Html.ShouldContain("tablet is assigned, and out of sync");
        (await browser.SubmitAsync("resync", ("Form.Code1", tablet.WrongCode()), ("Form.Code2", tablet.WrongCode())))
            .Problem.ShouldBe("Authentication code for device is not valid.");
        var done = await browser.SubmitAsync("resync", ("Form.Code1", tablet.Code(-1)), ("Form.Code2", tablet.Code()));
        done.Html.ShouldContain("tablet is assigned</h2>", customMessage: done.Problem);
    }

    [Fact]
    public async Task Whoever_leaves_the_wizard_leaves_no_device_behind()
    {
        var (account, browser, _) = await Shown("phone");
        (await browser.SubmitAsync("cancel")).Heading.ShouldBe("Security credentials");
        (await account.Root.Get($"{account.RootPath}/mfa-devices"))["devices"].GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_name_that_the_API_refuses_is_refused_here_and_written_as_text()
    {
        var account = await api.RegisteredAccount();
        var browser = await Browser.SignedInAsync(account);
        await browser.GetAsync($"/console/accounts/{account.Id}/principals/root/assign");
        var page = await browser.SubmitAsync("device", ("Form.DeviceName", "<b>x</b>"));
        page.Problem.ShouldNotBeNullOrEmpty();
        page.Html.ShouldContain("&lt;b&gt;x&lt;/b&gt;");
        page.Html.ShouldNotContain("<b>x</b>");
    }

    [Fact]
    public async Task Nobody_assigns_for_another_account()
    {
        var (account, other) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var browser = await Browser.SignedInAsync(account);
        await browser.GetAsync($"/console/accounts/{other.Id}/principals/root/assign");
        (await browser.SubmitAsync("device", ("Form.DeviceName", "mine"))).Problem.ShouldBe("There is nothing here that you may see.");
        (await other.Root.Get($"{other.RootPath}/mfa-devices"))["devices"].GetArrayLength().ShouldBe(0);
    }

    private async Task<(OpenAccount Account, Browser Browser, HeldDevice Device)> Shown(string name)
    {
        var account = await api.RegisteredAccount();
        var browser = await Browser.SignedInAsync(account);
        await browser.GetAsync($"/console/accounts/{account.Id}/principals/root/assign");
        var page = await browser.SubmitAsync("device", ("Form.DeviceName", name));
        page.Status.ShouldBe(200, page.Problem);
        page.Address.ShouldNotContain("?");
        var id = Guid.Parse(page.Hidden("codes")["Form.DeviceId"]);
        return (account, browser, new HeldDevice(account, account.Root, "root", id, name, Key(page)));
    }

    private static Task<ShownPage> Submit(Browser browser, string code1, string code2) =>
        browser.SubmitAsync("codes", ("Form.Code1", code1), ("Form.Code2", code2));

    private static string Key(ShownPage page) =>
        WebUtility.HtmlDecode(Regex.Match(page.Html, "<code class=\"key\" id=\"key\">(.*?)</code>").Groups[1].Value).Replace(" ", "", StringComparison.Ordinal);
}
