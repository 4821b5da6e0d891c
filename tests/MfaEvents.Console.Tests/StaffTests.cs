namespace MfaEvents.ConsoleTests;

/// <summary>What auditors, operators and a root user with an account of many see.</summary>
public sealed class StaffTests(ConsoleRun run)
{
    [Fact]
    public async Task An_auditor_filters_the_trail_looks_back_and_verifies_the_log()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await account.Api.ActivateAsync("phone");
        await account.Api.AuditTrailIsCompleteAsync();
        await using var auditor = await run.VisitAsync();
        await auditor.SignInAsStaffAsync("--role", "auditor", "--name", "ada");
        await auditor.GoAsync("/console/audit");
        await auditor.LookAsync("audit-accounts");
        await auditor.FillAsync("Account ID", account.Id);
        await auditor.PressAsync("Open its trail");
        await auditor.SeesAsync("Audit trail");
        await auditor.FillAsync("Event type", "device_activated");
        await auditor.PressAsync("Filter");
        await auditor.ReadsAsync("Device activated");
        (await auditor.Page.Locator("main").InnerTextAsync()).ShouldNotContain("Device assigned");
        await auditor.FillAsync("Event type", "");
        await auditor.FillAsync("Principal", "root");
        await auditor.PressAsync("Filter");
        await auditor.LookAsync("audit");
        await auditor.Page.Locator("summary").First.ClickAsync();
        await auditor.ReadsAsync("\"eventId\": ");
        await auditor.LookAsync("audit-entry");
        await auditor.PressAsync("Verify the log");
        await auditor.ReadsAsync("Intact:");
        await auditor.ReadsAsync("root hash");

        var download = await auditor.Page.RunAndWaitForDownloadAsync(() => auditor.FollowAsync("CloudEvents"));
        download.SuggestedFilename.ShouldBe($"audit-{account.Id}-cloudevents.ndjson");
        var lines = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        JsonNode.Parse(lines[0])!["specversion"]!.ToString().ShouldBe("1.0");

        await auditor.FollowAsync("Time line of root");
        await auditor.SeesAsync("Time line");
        await auditor.ReadsAsync("Active");
        await auditor.LookAsync("timeline");
        await auditor.Page.GetByRole(AriaRole.Slider).FocusAsync();
        await auditor.Page.Keyboard.PressAsync("Home");
        await auditor.ReadsAsync("Principal created");
        await auditor.ReadsAsync("No device was assigned then.");
        await auditor.FillAsync("Another instant, UTC", DateTimeOffset.UtcNow.ToString("O"));
        await auditor.PressAsync("Look back");
        await auditor.ReadsAsync("Active");
        await auditor.ReadsAsync("Could they sign in then?");
        await auditor.FillAsync("Another instant, UTC", "yesterday");
        await auditor.PressAsync("Look back");
        await Assertions.Expect(auditor.Alert).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_auditor_asks_what_other_policies_would_have_changed()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        var device = await account.Api.ActivateAsync("phone");
        (await account.Api.VerifyAsync(device, "000000")).ShouldBe(403);
        (await account.Api.VerifyAsync(device, await Authenticator.CodeAsync(device.SecretKey, 1))).ShouldBe(200);
        await using var auditor = await run.VisitAsync();
        await auditor.SignInAsStaffAsync("--role", "auditor", "--name", "ada");
        await auditor.GoAsync($"/console/accounts/{account.Id}/audit");
        await auditor.FollowAsync("Play this history under other policies");
        await auditor.SeesAsync("What if");
        await auditor.FillAsync("Suspend a device at failure", "0");
        await auditor.PressAsync("Play it");
        await auditor.ReadsAsync("Suspend at must be a whole number from 1 to 100.");
        await auditor.LookAsync("what-if");
        await auditor.FillAsync("Suspend a device at failure", "soon");
        await auditor.PressAsync("Play it");
        await Assertions.Expect(auditor.Alert).ToBeVisibleAsync();
        await auditor.FillAsync("Suspend a device at failure", "1");
        await auditor.FillAsync("Principal", "root");
        await auditor.PressAsync("Play it");
        await auditor.SeesAsync("What would have been");
        await auditor.ReadsAsync("Of 3 attempts, 1 would have ended differently, or may have.");
        await auditor.ReadsAsync("Accepted");
        await auditor.LookAsync("what-would-have-been");
        var job = new Uri(auditor.Page.Url).PathAndQuery;
        await auditor.FollowAsync("root");
        await auditor.SeesAsync("Time line");
        await auditor.ReadsAsync("Code accepted,");

        // Its owner reads the trail, and does not try policies on it.
        await using var owner = await run.VisitAsync();
        await owner.SignInAsStaffAsync("--role", "owner", "--account", account.Id, "--principal", "root", "--amr", "pwd,otp");
        await owner.GoAsync($"/console/accounts/{account.Id}/audit");
        await owner.SeesAsync("Audit trail");
        (await owner.Page.GetByText("other policies").CountAsync()).ShouldBe(0);
        await owner.GoAsync(job);
        await Assertions.Expect(owner.Alert).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_operator_rebuilds_a_projection_and_watches_it()
    {
        await using var operating = await run.VisitAsync();
        await operating.SignInAsStaffAsync("--role", "operator", "--name", "omar");
        await operating.SeesAsync("Operations");
        await operating.LookAsync("operations");
        await operating.PressAsync("Rebuild audit");
        await operating.SeesAsync("Rebuild of audit");
        await operating.ReadsAsync("Succeeded.");
        await operating.LookAsync("rebuild");
        await operating.GoAsync("/console/operations");
        await operating.PressAsync("Rotate the keys");
        await operating.ReadsAsync("A rotation has begun");

        // What is somebody else's is not shown, whatever the address.
        await operating.GoAsync("/console/cases");
        await Assertions.Expect(operating.Alert).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_root_user_sees_who_has_no_MFA_and_creates_and_deletes_users()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await using var owner = await run.VisitAsync();
        await owner.SignInAsync(account);
        await owner.FollowAsync("Account");
        await owner.SeesAsync("Account");
        await owner.FillAsync("User name", "alice");
        await owner.PressAsync("Create");
        await owner.ReadsAsync("0 of 2 principals sign in with a second factor.");
        await owner.LookAsync("account");
        var download = await owner.Page.RunAndWaitForDownloadAsync(() => owner.FollowAsync("Download as CSV"));
        (await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken)).ShouldContain("user:alice");
        await owner.FillAsync("Phone", "+14155550199");
        await owner.PressAsync("Change");
        await owner.ReadsAsync("+14155550199 waits for a call.");
        await owner.PressAsync("Call it now");
        var digits = await owner.Page.Locator(".digits").InnerTextAsync();
        await owner.LookAsync("contact-call");
        await using var phone = await run.VisitAsync();
        var ringing = phone.Page.Locator("form", new() { HasText = "+14155550199" });
        await Eventually.Holds("the phone rings", TimeSpan.FromSeconds(30), async () =>
        {
            await phone.GoAsync("/console/development");
            return await ringing.CountAsync() == 1;
        });
        await ringing.Locator("input.code").FillAsync(digits);
        await ringing.GetByRole(AriaRole.Button).ClickAsync();
        await phone.ReadsAsync("The digits were keyed.");
        await owner.FollowAsync("Account");
        await Assertions.Expect(owner.Page.GetByLabel("Phone", new() { Exact = true })).ToHaveValueAsync("+14155550199");

        await owner.PressAsync("Delete user:alice");
        await owner.ReadsAsync("0 of 1 principals");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJpc3MiOiJtZmFldmVudHMtZGV2ZWxvcG1lbnQiLCJyb2xlcyI6WyJvcGVyYXRvciJdfQ.")]
    public async Task A_token_that_nobody_trusts_signs_nobody_in(string token)
    {
        await using var stranger = await run.VisitAsync();
        await stranger.GoAsync("/console/staff");
        await stranger.Page.Locator("textarea").FillAsync(token);
        await stranger.PressAsync("Sign in");
        await Assertions.Expect(stranger.Alert).ToBeVisibleAsync();
        await stranger.LookAsync("staff");
        await stranger.GoAsync("/console");
        await stranger.SeesAsync("Sign in");
    }
}
