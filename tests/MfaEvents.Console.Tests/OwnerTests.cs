namespace MfaEvents.ConsoleTests;

/// <summary>The seven steps of the page with which it all began, by somebody who has never seen the console.</summary>
public sealed class OwnerTests(ConsoleRun run)
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task An_owner_assigns_a_device_and_signs_in_with_it(bool scripts, bool phone)
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await using var owner = await run.VisitAsync(scripts, phone: phone);
        await owner.GoAsync("/console");
        await owner.SeesAsync("Sign in");
        await owner.LookAsync("sign-in");
        await owner.SignInAsync(account);
        await owner.SeesAsync("Security credentials");
        await owner.ReadsAsync("No MFA device is assigned.");

        await owner.FollowAsync("Assign MFA device");
        await owner.LookAsync("assign-name");
        await owner.FillAsync("Device name", "phone");
        await owner.PressAsync("Next");
        await Assertions.Expect(owner.Page.Locator(".qr")).ToBeVisibleAsync();
        await owner.LookAsync("assign-codes");
        var secret = await owner.ScanAsync();
        await owner.Page.GetByText("Show secret key").ClickAsync();
        (await owner.Page.Locator("#key").InnerTextAsync()).Replace(" ", "").ShouldBe(secret);
        (await owner.Page.Locator("#key").InnerTextAsync()).Split(' ')[0].Length.ShouldBe(4);

        await Authenticator.HasTimeAsync(TimeSpan.FromSeconds(10));
        var codes = await Authenticator.CodesAsync(secret, -2, 2);
        if (scripts)
        {
            await Assertions.Expect(owner.Page.Locator(".ring")).ToBeVisibleAsync();
            await owner.FillAsync("MFA code 1", $"{codes[0]} {codes[1]}");
            (await owner.Page.GetByLabel("MFA code 2").InputValueAsync()).ShouldBe(codes[1]);
        }
        else
        {
            await owner.FillAsync("MFA code 1", codes[0]);
            await owner.FillAsync("MFA code 2", codes[1]);
        }

        await owner.PressAsync("Assign MFA");
        await owner.ReadsAsync("phone is assigned");
        await owner.LookAsync("assign-done");

        await owner.PressAsync("Sign out");
        await owner.SignInAsync(account);
        await owner.SeesAsync("Multi-factor authentication");
        await owner.LookAsync("sign-in-code");
        await owner.FillAsync("MFA code", await Authenticator.CodeAsync(secret, 0));
        await owner.PressAsync("Submit");
        await owner.SeesAsync("Security credentials");
        await owner.ReadsAsync("Active");
        await account.Api.AuditTrailIsCompleteAsync();
        await owner.Page.ReloadAsync();
        await owner.ReadsAsync("Device activated");
        await owner.ReadsAsync("This browser");
        await owner.LookAsync("credentials");

        await owner.FollowAsync("phone");
        await owner.SeesAsync("phone");
        await owner.LookAsync("device");
        await owner.GoAsync(account.Credentials + "/password");
        await owner.LookAsync("password");
        await owner.GoAsync(account.Credentials + "/not-me");
        await owner.LookAsync("not-me");
        await owner.FillAsync("New password", "another battery staple");
        await owner.PressAsync("Change the password");
        await owner.ReadsAsync("The new password holds");
    }

    [Fact]
    public async Task Whoever_leaves_the_wizard_leaves_no_device_behind()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await using var owner = await run.VisitAsync();
        await owner.SignInAsync(account);
        await owner.FollowAsync("Assign MFA device");
        await owner.FillAsync("Device name", "phone");
        await owner.PressAsync("Next");
        await Assertions.Expect(owner.Page.Locator(".qr")).ToBeVisibleAsync();

        // A wrong pair is no reason to leave.
        await owner.FillAsync("MFA code 1", "000000");
        await owner.FillAsync("MFA code 2", "000000");
        await owner.PressAsync("Assign MFA");
        await Assertions.Expect(owner.Alert).ToContainTextAsync("Authentication code for device is not valid.");
        (await Devices(account)).ShouldBe(1);

        await owner.GoAsync(account.Credentials);
        await Eventually.Holds("the pending device is gone", TimeSpan.FromSeconds(10), async () => await Devices(account) == 0);
    }

    [Fact]
    public async Task A_device_is_renamed_and_removed_and_a_forgotten_session_ended()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await using var elsewhere = await run.VisitAsync();
        await elsewhere.SignInAsync(account);
        await elsewhere.SeesAsync("Security credentials");
        await using var owner = await run.VisitAsync();
        await owner.SignInAsync(account);
        await owner.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^End the session") }).ClickAsync();
        await Assertions.Expect(owner.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^End the session") })).ToHaveCountAsync(0);
        await elsewhere.Page.ReloadAsync();
        await elsewhere.SeesAsync("Sign in");

        await account.Api.AssignAsync("tablet");
        await owner.Page.ReloadAsync();
        await owner.ReadsAsync("Not activated yet");
        await owner.FollowAsync("tablet");
        await owner.FillAsync("Device name", "old-tablet");
        await owner.PressAsync("Rename");
        await owner.SeesAsync("old-tablet");
        await owner.PressAsync("Remove");
        await owner.SeesAsync("old-tablet");
        await owner.Page.GetByLabel("Remove old-tablet for good").CheckAsync();
        await owner.PressAsync("Remove");
        await owner.ReadsAsync("No MFA device is assigned.");
    }

    [Fact]
    public async Task What_is_wrong_with_a_field_stands_beside_it_and_there_the_reader_goes_on()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await using var owner = await run.VisitAsync();
        await owner.SignInAsync(account);
        await owner.FollowAsync("Assign MFA device");
        await owner.FillAsync("Device name", "two words");
        await owner.PressAsync("Next");
        var field = owner.Page.GetByLabel("Device name", new() { Exact = true });
        await Assertions.Expect(field).ToHaveAttributeAsync("aria-invalid", "true");
        await Assertions.Expect(field).ToBeFocusedAsync();
        await Assertions.Expect(field).ToHaveValueAsync("two words");
        var described = (await field.GetAttributeAsync("aria-describedby"))!.Split(' ');
        described.Length.ShouldBe(2);
        foreach (var id in described) (await owner.Page.Locator($"#{id}").InnerTextAsync()).ShouldNotBeEmpty();
        await Assertions.Expect(owner.Alert).ToBeVisibleAsync();
        await owner.LookAsync("assign-wrong");
    }

    [Fact]
    public async Task Instants_are_in_the_readers_zone_and_in_UTC_on_hover()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await using var owner = await run.VisitAsync();
        await owner.SignInAsync(account);
        var time = owner.Page.Locator("time").First;
        var at = DateTimeOffset.Parse((await time.GetAttributeAsync("datetime"))!, null);
        (await time.GetAttributeAsync("title")).ShouldBe($"{at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
        var there = TimeZoneInfo.ConvertTime(at, TimeZoneInfo.FindSystemTimeZoneById("America/New_York"));
        (await time.InnerTextAsync()).ShouldContain($"{there:HH:mm:ss}");
    }

    private static async Task<int> Devices(OwnedAccount account) =>
        (await account.Api.Api.GetAsync(account.Api.Devices(), account.Api.Token)).ShouldBe(200).Body!["devices"]!.AsArray().Count;
}
