namespace MfaEvents.ConsoleTests;

/// <summary>The way back in of a root user whose device is gone: mail, phone, and a list to put in order.</summary>
public sealed class RecoveryTests(ConsoleRun run)
{
    [Fact]
    public async Task A_root_user_without_the_device_comes_back_by_mail_and_phone()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await account.Api.ActivateAsync("lost-phone");
        await using var owner = await run.VisitAsync();
        await using var household = await run.VisitAsync();
        await owner.SignInAsync(account);
        await owner.FollowAsync("Troubleshoot MFA");
        await owner.SeesAsync("Troubleshoot MFA");
        await owner.LookAsync("trouble");
        await owner.PressAsync("Sign in using alternative factors");
        await owner.SeesAsync("Sign in using alternative factors");
        await owner.LookAsync("recovery-email");

        await owner.FillAsync("Proof from the e-mail", "000000000000.x");
        await owner.PressAsync("Prove the address");
        await Assertions.Expect(owner.Alert).ToBeVisibleAsync();

        // The mail is opened on another machine.
        var mail = household.Page.Locator("details", new() { HasText = $"to {account.Email}" }).Filter(new() { HasText = "A way back into your account" });
        await Eventually.Holds("the mail is there", TimeSpan.FromSeconds(30), async () =>
        {
            await household.GoAsync("/console/development");
            return await mail.CountAsync() == 1;
        });
        await household.LookAsync("mailbox");
        await mail.Locator("summary").ClickAsync();
        await mail.GetByRole(AriaRole.Link, new() { Name = "/links/recovery-email" }).ClickAsync();
        var proof = await household.Page.Locator("code").InnerTextAsync();
        await owner.FillAsync("Proof from the e-mail", proof);
        await owner.PressAsync("Prove the address");
        await owner.ReadsAsync("We call");

        await owner.PressAsync("Call me now");
        var digits = await owner.Page.Locator(".digits").InnerTextAsync();
        digits.Length.ShouldBe(6);
        await owner.LookAsync("recovery-phone");
        await Eventually.Holds("the phone rings", TimeSpan.FromSeconds(30), async () =>
        {
            await household.GoAsync("/console/development");
            return await household.Page.GetByRole(AriaRole.Button, new() { Name = "Key them in" }).CountAsync() > 0;
        });
        await household.Page.Locator("input.code").First.FillAsync(digits);
        await household.Page.GetByRole(AriaRole.Button, new() { Name = "Key them in" }).First.ClickAsync();
        await household.ReadsAsync("The digits were keyed.");

        // The owner touches nothing: the page goes on by itself.
        await owner.ReadsAsync("Both are proven.");
        await owner.LookAsync("recovery-verified");
        await owner.Page.Locator("main").GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await owner.SeesAsync("Security credentials");
        await owner.FollowAsync("lost-phone");
        await owner.Page.GetByLabel("Remove lost-phone for good").CheckAsync();
        await owner.PressAsync("Remove");
        await owner.ReadsAsync("No MFA device is assigned.");
    }

    [Fact]
    public async Task An_IAM_user_is_told_who_can_help()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        (await account.Api.Api.PostAsync($"{account.Api.Path}/users", account.Api.Token, new JsonObject { ["userName"] = "alice", ["password"] = Scenario.Password })).ShouldBe(201);
        var owner = account.Api with { Token = await run.Server.TokenAsync("--role", "owner", "--account", account.Id, "--principal", "user:alice", "--amr", "pwd,otp") };
        await owner.ActivateAsync("phone", "user:alice");
        await using var alice = await run.VisitAsync();
        await alice.GoAsync("/console/sign-in");
        await alice.FollowAsync("IAM user");
        await alice.FillAsync("Account ID", account.Id);
        await alice.FillAsync("User name", "alice");
        await alice.FillAsync("Password", Scenario.Password);
        await alice.PressAsync("Sign in");
        await alice.FollowAsync("Troubleshoot MFA");
        await alice.PressAsync("Sign in using alternative factors");
        await Assertions.Expect(alice.Alert).ToContainTextAsync("administrator");
    }
}
