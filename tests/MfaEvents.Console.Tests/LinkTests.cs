using System.Text.RegularExpressions;

namespace MfaEvents.ConsoleTests;

/// <summary>Links in mails, opened on whatever machine the mail is read on.</summary>
public sealed class LinkTests(ConsoleRun run)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_did_not_do_it_says_so_with_the_link_of_the_notice(bool scripts)
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await using var thief = await run.VisitAsync();
        await thief.SignInAsync(account);
        await account.Api.AssignAsync("phone");
        await account.Api.ActivateAsync("tablet");
        await thief.SignInAsync(account);

        await using var reader = await run.VisitAsync(scripts);
        await OpenLinkAsync(reader, account, "An MFA device was activated", "repudiation");
        await reader.SeesAsync("This was not me");
        await reader.LookAsync("link-repudiation");
        await reader.PressAsync("This was not me");
        await reader.ReadsAsync("Done. Now change the password");
        await reader.LookAsync("link-done");
        (await account.Api.HistoryAsync()).ShouldContain(item => item!["eventType"]!.ToString() == "notice_repudiated");
    }

    [Fact]
    public async Task An_owner_stops_a_removal_and_the_desk_sees_it()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        await account.Api.ActivateAsync("phone");
        await using var approver = await run.VisitAsync();
        var address = await ApprovedCaseAsync(account);
        await approver.SignInAsStaffAsync("--role", "support-approver", "--name", "lee");
        await approver.GoAsync(address);
        await approver.ReadsAsync("Cooling off");

        await using var owner = await run.VisitAsync();
        await OpenLinkAsync(owner, account, "Support will remove every MFA device", "veto");
        await owner.LookAsync("link-veto");
        var button = owner.Page.Locator("main form button");
        await button.ClickAsync();
        await Assertions.Expect(owner.Page.GetByRole(AriaRole.Status)).ToBeVisibleAsync();

        // The desk touches nothing: the case's page goes on by itself.
        await approver.ReadsAsync("Vetoed");
        await approver.LookAsync("case-vetoed");

        // What was used is good no more, and says so without a hint of what it was.
        await owner.Page.GoBackAsync();
        await owner.SeesAsync("This was not done");
        await owner.LookAsync("link-refused");
    }

    [Fact]
    public async Task A_new_address_is_proven_by_the_link_that_was_sent_there()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        var renamed = account with { Email = Scenario.NewEmail() };
        await using var owner = await run.VisitAsync();
        await owner.SignInAsync(account);
        await owner.FollowAsync("Account");
        await owner.FillAsync("E-mail address", renamed.Email);
        await owner.PressAsync("Change");
        await owner.ReadsAsync($"{renamed.Email} waits for the link that was sent there.");

        await using var reader = await run.VisitAsync();
        await OpenLinkAsync(reader, renamed, "Confirm this e-mail address", "contact-email");
        await reader.SeesAsync("Your proof");
        await reader.LookAsync("link-proof");
        await owner.FillAsync("Proof from the e-mail", await reader.Page.Locator("#proof").InnerTextAsync());
        await owner.PressAsync("Prove the address");
        await Assertions.Expect(owner.Page.GetByLabel("E-mail address", new() { Exact = true })).ToHaveValueAsync(renamed.Email);
        await owner.PressAsync("Sign out");
        await owner.SignInAsync(renamed);
        await owner.SeesAsync("Security credentials");
    }

    /// <summary>Opens the link of a mail as a mail program does, and sees that the token is in no address after that.</summary>
    private static async Task OpenLinkAsync(Visitor reader, OwnedAccount account, string subject, string page)
    {
        string? found = null;
        var folder = Path.Combine(reader.Run.Folder.Data, "outbox");
        await Eventually.Holds($"the mail \"{subject}\" is there", TimeSpan.FromSeconds(30), () =>
        {
            var mails = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.eml").Select(File.ReadAllText) : [];
            found = mails.Where(mail => mail.Contains($"To: {account.Email}", StringComparison.OrdinalIgnoreCase))
                .Where(mail => mail.Contains($"Subject: {subject}", StringComparison.Ordinal))
                .Select(mail => Regex.Match(mail.Replace("=\r\n", "").Replace("=\n", "").Replace("=3D", "="), $@"/links/{page}\?token=[0-9]{{12}}\.[A-Za-z0-9_-]{{43}}"))
                .FirstOrDefault(match => match.Success)?.Value;
            return Task.FromResult(found is not null);
        });
        await reader.GoAsync(found!);
        reader.Page.Url.ShouldContain($"/links/{page}?link=");
        reader.Page.Url.ShouldNotContain(found!.Split('.')[^1]);
    }

    private async Task<string> ApprovedCaseAsync(OwnedAccount account)
    {
        var (agent, approver) = (
            await run.Server.TokenAsync("--role", "support-agent", "--name", "kim"), await run.Server.TokenAsync("--role", "support-approver", "--name", "ann"));
        var api = account.Api.Api;
        var opened = (await api.PostAsync($"{account.Api.Principal("root")}/cases", agent, new() { ["reason"] = "lost", ["reference"] = "TICKET-1" })).ShouldBe(201);
        var path = $"{account.Api.Path}/cases/{opened["caseId"]}";
        foreach (var kind in (string[])["inPerson", "identityDocument"])
            (await api.PostAsync(path + "/evidence", agent, new() { ["kind"] = kind, ["note"] = "looked at" })).ShouldBe(201);
        (await api.PostAsync(path + "/removal-request", agent, new() { ["justification"] = "lost" })).ShouldBe(200);
        (await api.PostAsync(path + "/approval", approver, new() { ["note"] = "as it should be" })).ShouldBe(200);
        return "/console" + path;
    }
}
