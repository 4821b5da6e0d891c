namespace MfaEvents.ConsoleTests;

/// <summary>A removal by the support desk, by two people in two browsers at once.</summary>
public sealed class DeskTests(ConsoleRun run)
{
    [Fact]
    public async Task Two_people_remove_the_MFA_of_somebody_who_has_neither_mail_nor_phone()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await account.Api.ActivateAsync("phone");
        var reference = $"TICKET-{Guid.NewGuid():n}"[..16];
        await using var agent = await run.VisitAsync();
        await using var approver = await run.VisitAsync();
        await agent.SignInAsStaffAsync("--role", "support-agent", "--name", "kim");
        await approver.SignInAsStaffAsync("--role", "support-approver", "--name", "lee");
        await agent.SeesAsync("Cases");
        await agent.FillAsync("Account ID", account.Id);
        await agent.FillAsync("Reference", reference);
        await agent.FillAsync("Reason", "<b>lost</b> the phone with everything");
        await agent.PressAsync("Open");
        await agent.SeesAsync($"Case {reference}");
        await agent.ReadsAsync("<b>lost</b> the phone with everything");

        // Asking without evidence is refused, and says so.
        await agent.FillAsync("Justification", "came in person");
        await agent.PressAsync("Ask a second person");
        await Assertions.Expect(agent.Alert).ToBeVisibleAsync();
        await RecordAsync(agent, "inPerson", "was here, at the front desk");
        await RecordAsync(agent, "identityDocument", "passport, looked at by kim");
        await agent.LookAsync("case-open");
        await agent.FillAsync("Justification", "came in person");
        await agent.PressAsync("Ask a second person");
        await agent.ReadsAsync("Decide, as the second person");

        await approver.GoAsync("/console/cases?state=requested");
        await approver.LookAsync("cases");
        await approver.FollowAsync(reference);
        await approver.LookAsync("case-requested");
        await approver.FillAsync("Why you approve", "half a sent");

        // Whoever asked is no second person, whatever the page shows. Whoever is writing meanwhile is told of it, and loses nothing.
        await agent.FillAsync("Why you approve", "myself");
        await agent.PressAsync("Approve the removal");
        await Assertions.Expect(agent.Alert).ToBeVisibleAsync();
        await approver.ReadsAsync("The case has gone on.");
        (await approver.Page.GetByLabel("Why you approve").InputValueAsync()).ShouldBe("half a sent");
        await agent.Page.ReloadAsync();
        await approver.FillAsync("Why you approve", "the notes say who checked what");
        await approver.PressAsync("Approve the removal");
        await approver.ReadsAsync("Cooling off");
        await approver.LookAsync("case-cooling-off");

        // The agent touches nothing: the case's page goes on by itself.
        await agent.ReadsAsync("Cooling off");
    }

    [Fact]
    public async Task After_the_removal_the_proven_owner_enrols_a_new_device_with_the_desks_code()
    {
        using var folder = new TestFolder();
        await using var server = await ServerProcess.StartAsync(folder.Data, Settings.None.With("MfaEvents__Support__CoolingOff", "00:00:05"));
        var account = await OwnedAccount.RegisterAsync(server);
        await account.Api.ActivateAsync("lost");
        await using var agent = await run.VisitAsync(server: server);
        await using var approver = await run.VisitAsync(server: server);
        await agent.SignInAsStaffAsync("--role", "support-agent", "--name", "kim");
        await agent.FillAsync("Account ID", account.Id);
        await agent.FillAsync("Reference", "TICKET-7");
        await agent.FillAsync("Reason", "has neither mail nor phone");
        await agent.PressAsync("Open");
        await RecordAsync(agent, "inPerson", "was here, at the front desk");
        await RecordAsync(agent, "identityDocument", "passport, looked at by kim");
        await agent.FillAsync("Justification", "came in person");
        await agent.PressAsync("Ask a second person");
        await agent.ReadsAsync("Decide, as the second person");
        await approver.SignInAsStaffAsync("--role", "support-approver", "--name", "lee");
        await approver.FollowAsync("TICKET-7");
        await approver.FillAsync("Why you approve", "the notes say who checked what");
        await approver.PressAsync("Approve the removal");
        await Assertions.Expect(approver.Page.GetByText("Executed", new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await approver.LookAsync("case-executed");
        await approver.PressAsync("Issue the enrolment code");
        var code = await approver.Page.Locator("#enrolment").InnerTextAsync();
        await approver.LookAsync("case-enrolment-code");

        // The password alone is not enough, as a thief may have it.
        await using var owner = await run.VisitAsync(server: server);
        await owner.SignInAsync(account);
        await owner.FillAsync("Code from the support desk", "AAAA-BBBB-CCCC");
        await owner.PressAsync("Submit");
        await Assertions.Expect(owner.Alert).ToBeVisibleAsync();
        await owner.LookAsync("sign-in-enrolment");
        await owner.FillAsync("Code from the support desk", code);
        await owner.PressAsync("Submit");
        await owner.SeesAsync("Security credentials");
        await owner.ReadsAsync("No MFA device is assigned.");
        await owner.FollowAsync("Assign MFA device");
        await owner.FillAsync("Device name", "new-phone");
        await owner.PressAsync("Next");
        var secret = await owner.ScanAsync();
        await Authenticator.HasTimeAsync(TimeSpan.FromSeconds(10));
        var codes = await Authenticator.CodesAsync(secret, -2, 3);
        await owner.FillAsync("MFA code 1", codes[0]);
        await owner.FillAsync("MFA code 2", codes[1]);
        await owner.PressAsync("Assign MFA");
        await owner.ReadsAsync("new-phone is assigned");
        await owner.SignInAsync(account);
        await owner.FillAsync("MFA code", codes[2]);
        await owner.PressAsync("Submit");
        await owner.SeesAsync("Security credentials");
    }

    private static async Task RecordAsync(Visitor agent, string kind, string note)
    {
        await agent.Page.GetByLabel("Kind").SelectOptionAsync(kind);
        await agent.FillAsync("Note on the evidence", note);
        await agent.PressAsync("Record");
        await agent.ReadsAsync(note);
    }
}
