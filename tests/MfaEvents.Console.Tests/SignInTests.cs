using System.Text.RegularExpressions;

namespace MfaEvents.ConsoleTests;

/// <summary>What goes wrong at the second factor, and how somebody gets in all the same.</summary>
public sealed partial class SignInTests(ConsoleRun run)
{
    [Fact]
    public async Task Whoever_guesses_waits_and_sees_for_how_long()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await account.Api.ActivateAsync("phone");
        await using var owner = await run.VisitAsync();
        await owner.SignInAsync(account);
        for (var guess = 0; guess < 6; guess++)
        {
            await owner.FillAsync("MFA code", "000000");
            await owner.PressAsync("Submit");
            await Assertions.Expect(owner.Alert).ToBeVisibleAsync();
        }

        var wait = owner.Page.Locator("[data-wait]");
        await Assertions.Expect(wait).ToHaveTextAsync(Waiting());
        var submit = owner.Page.GetByRole(AriaRole.Button, new() { Name = "Submit" });
        await Assertions.Expect(submit).ToBeDisabledAsync();
        await owner.LookAsync("sign-in-wait");
        await Assertions.Expect(wait).ToHaveTextAsync("You can try again now.");
        await Assertions.Expect(submit).ToBeEnabledAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_device_that_is_out_of_sync_is_resynced_on_the_way_in(bool scripts)
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        var device = await account.Api.AssignAsync("phone");
        var old = await Authenticator.CodesAsync(device.SecretKey, -60, 2);
        (await account.Api.SubmitAsync(device, old[0], old[1])).ShouldBe(200)["status"].ShouldBe("outOfSync");

        await using var owner = await run.VisitAsync(scripts);
        await owner.SignInAsync(account);
        await owner.FillAsync("MFA code", await Authenticator.CodeAsync(device.SecretKey, 0));
        await owner.PressAsync("Submit");
        await Assertions.Expect(owner.Page.GetByRole(AriaRole.Heading, new() { Name = "Re-sync with our servers" })).ToBeVisibleAsync();
        await owner.LookAsync("sign-in-resync");
        await Authenticator.HasTimeAsync(TimeSpan.FromSeconds(10));
        var codes = await Authenticator.CodesAsync(device.SecretKey, -1, 3);
        await owner.FillAsync("MFA code 1", codes[0]);
        await owner.FillAsync("MFA code 2", codes[1]);
        await owner.PressAsync("Re-sync");
        await owner.ReadsAsync("Your device is in sync again.");
        await owner.FillAsync("MFA code", codes[2]);
        await owner.PressAsync("Submit");
        await owner.SeesAsync("Security credentials");
    }

    [Fact]
    public async Task Of_several_devices_another_one_serves()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await account.Api.ActivateAsync("lost");
        var held = await account.Api.ActivateAsync("held");
        await using var owner = await run.VisitAsync();
        await owner.SignInAsync(account);
        await owner.FollowAsync("Troubleshoot MFA");
        await owner.FollowAsync("Try another MFA method");
        await owner.LookAsync("sign-in-methods");
        await owner.Page.GetByLabel("held").CheckAsync();
        await owner.FillAsync("MFA code", await Authenticator.CodeAsync(held.SecretKey, 0));
        await owner.PressAsync("Submit");
        await owner.SeesAsync("Security credentials");
        await owner.ReadsAsync("lost");
    }

    [Fact]
    public async Task Somebody_without_a_mouse_signs_in_and_assigns_a_device()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await using var owner = await run.VisitAsync();
        var keys = owner.Page.Keyboard;
        await owner.GoAsync("/console/sign-in");
        await keys.PressAsync("Tab");
        await Assertions.Expect(owner.Page.GetByText("Skip to the content")).ToBeFocusedAsync();
        await owner.TabToAsync(owner.Page.GetByLabel("E-mail address"));
        await keys.TypeAsync(account.Email);
        await owner.TabToAsync(owner.Page.GetByLabel("Password"));
        await keys.TypeAsync(Scenario.Password);
        await keys.PressAsync("Enter");
        await owner.SeesAsync("Security credentials");
        await owner.TabToAsync(owner.Page.GetByRole(AriaRole.Link, new() { Name = "Assign MFA device" }));
        await keys.PressAsync("Enter");
        await owner.TabToAsync(owner.Page.GetByLabel("Device name"));
        await keys.TypeAsync("phone");
        await owner.TabToAsync(owner.Page.GetByRole(AriaRole.Button, new() { Name = "Next" }));
        await keys.PressAsync("Space");
        await owner.TabToAsync(owner.Page.Locator("summary"));
        await keys.PressAsync("Enter");
        var secret = (await owner.Page.Locator("#key").InnerTextAsync()).Replace(" ", "");
        await Authenticator.HasTimeAsync(TimeSpan.FromSeconds(10));
        var codes = await Authenticator.CodesAsync(secret, -2, 2);
        await owner.TabToAsync(owner.Page.GetByLabel("MFA code 1"));
        await keys.TypeAsync(codes[0]);
        await owner.TabToAsync(owner.Page.GetByLabel("MFA code 2"));
        await keys.TypeAsync(codes[1]);
        await keys.PressAsync("Enter");
        await owner.ReadsAsync("phone is assigned");
        await owner.TabToAsync(owner.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }));
        await keys.PressAsync("Enter");
        await owner.SeesAsync("Sign in");
    }

    [GeneratedRegex(@"^\s*Try again in \d+ s\.$")]
    private static partial Regex Waiting();
}
