using System.Net;

namespace MfaEvents.Server.Tests.Console;

/// <summary>What a person does with a device that is assigned, without scripts.</summary>
public sealed class DevicePagesTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_device_is_renamed_resynced_and_removed()
    {
        var (account, browser, phone) = await Opened();
        browser.Page.Heading.ShouldBe("phone");
        (await browser.SubmitAsync("rename", ("Form.DeviceName", "new phone"))).Problem.ShouldNotBeNullOrEmpty();
        (await browser.SubmitAsync("rename", ("Form.DeviceName", "new-phone"))).Heading.ShouldBe("new-phone");

        account.Time.Pass(TimeSpan.FromMinutes(5));
        (await browser.SubmitAsync("resync", ("Form.Code1", phone.WrongCode()), ("Form.Code2", phone.WrongCode())))
            .Problem.ShouldBe("Authentication code for device is not valid.");
        (await browser.SubmitAsync("resync", ("Form.Code1", phone.Code(-1)), ("Form.Code2", phone.Code()))).Html.ShouldContain("It is in sync.");

        (await browser.SubmitAsync("remove")).Heading.ShouldBe("new-phone");
        (await Devices(account)).ShouldBe(1);
        (await browser.SubmitAsync("remove", ("Form.Confirmed", "true"))).Html.ShouldContain("No MFA device is assigned.");
        (await Devices(account)).ShouldBe(0);
    }

    [Fact]
    public async Task Another_accounts_device_is_not_there()
    {
        var (account, browser, _) = await Opened();
        var other = await api.RegisteredAccount();
        var theirs = await other.AssignedDevice("theirs");
        foreach (var path in (string[])[$"/console{theirs.Path}", $"/console{account.RootPath}/mfa-devices/{theirs.Id}", $"/console{account.RootPath}/mfa-devices/{Guid.NewGuid()}"])
        {
            var page = await browser.GetAsync(path);
            page.Problem.ShouldBe("There is nothing here that you may see.");
            page.Html.ShouldNotContain("theirs");
        }
    }

    private static async Task<int> Devices(OpenAccount account) =>
        (await account.Root.Get($"{account.RootPath}/mfa-devices")).ShouldBe(HttpStatusCode.OK)["devices"].GetArrayLength();

    private async Task<(OpenAccount Account, Browser Browser, HeldDevice Phone)> Opened()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice("phone").Activated();
        var browser = await Browser.SignedInAsync(account);
        await browser.SubmitAsync("code", ("Form.Code", phone.Code(1)));
        await browser.GetAsync($"/console{phone.Path}");
        return (account, browser, phone);
    }
}
