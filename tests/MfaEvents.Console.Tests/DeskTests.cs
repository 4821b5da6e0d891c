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

    private static async Task RecordAsync(Visitor agent, string kind, string note)
    {
        await agent.Page.GetByLabel("Kind").SelectOptionAsync(kind);
        await agent.FillAsync("Note on the evidence", note);
        await agent.PressAsync("Record");
        await agent.ReadsAsync(note);
    }
}
