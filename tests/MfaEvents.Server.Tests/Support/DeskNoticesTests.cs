using System.Net;
using MfaEvents.Core.Support;

namespace MfaEvents.Server.Tests.Support;

/// <summary>The owner is told of each step, and can stop it.</summary>
public sealed class DeskNoticesTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Each_step_is_told_and_the_link_of_the_approval_vetoes_once()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var mailbox = Mailbox.Of(account);
        var found = await account.OpenedCase().Approved();
        (await mailbox.Get("Somebody asked support to remove your MFA")).Text.ShouldNotContain(Desk.Note);
        var mail = await mailbox.Get("Support will remove every MFA device");
        mail.Link.ShouldStartWith("/links/veto?token=");
        var stranger = account.Stranger();

        var other = await (await api.RegisteredAccount()).OpenedCase().Approved();
        (await stranger.Post(other.Path + "/veto", new { token = mail.Token })).ShouldRefuse(403, "invalid-proof");
        (await stranger.Post(found.Path + "/veto", new { token = Forged(mail.Token) })).ShouldRefuse(403, "invalid-proof");
        (await stranger.Post(found.Path + "/veto", new { token = "nonsense" })).ShouldRefuse(403, "invalid-proof");
        (await stranger.Post(found.Path + "/veto", new { })).ShouldFindFault("token");
        (await stranger.Post($"{account.Path}/cases/{Guid.NewGuid()}/veto", new { token = mail.Token })).ShouldRefuse(403, "invalid-proof");
        (await found.State()).ShouldBe("coolingOff");

        (await stranger.Post(found.Path + "/veto", new { token = mail.Token })).ShouldBe(HttpStatusCode.NoContent);
        (await stranger.Post(found.Path + "/veto", new { token = mail.Token })).ShouldRefuse(403, "invalid-proof");
        (await found.State()).ShouldBe("vetoed");
        (await api.EventsAsync(account.Id, found.Stream))[^1].Data.ShouldBe(new RemovalVetoed(VetoReason.Link));
        await mailbox.Get("The removal of your MFA was stopped");
    }

    [Fact]
    public async Task The_page_of_the_link_changes_nothing_and_its_button_vetoes()
    {
        var account = await api.RegisteredAccount();
        var alice = await account.CreatedUser();
        var found = await account.OpenedCase(alice.Principal!).Approved();
        var mail = await Mailbox.Of(account).Get("Support will remove every MFA device");
        mail.Text.ShouldContain($"the user \"{alice.Principal!["user:".Length..]}\"");

        var stranger = account.Stranger();
        (await stranger.Get(mail.Link)).Status.ShouldBe(200);
        (await found.State()).ShouldBe("coolingOff");
        using var form = new FormUrlEncodedContent([new("token", mail.Token)]);
        (await stranger.Send(HttpMethod.Post, "/links/veto", form)).Status.ShouldBe(200);
        (await found.State()).ShouldBe("vetoed");
    }

    [Fact]
    public async Task Of_many_vetoes_by_one_token_at_once_one_succeeds()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase().Approved();
        var token = (await Mailbox.Of(account).Get("Support will remove every MFA device")).Token;
        var replies = await Scenarios.AtOnce(6, _ => account.Stranger().Post(found.Path + "/veto", new { token }));
        replies.Count(reply => reply.Status == 204).ShouldBe(1);
        replies.Where(reply => reply.Status != 204).ShouldAllBe(reply => reply.Slug == "invalid-proof");
    }

    [Fact]
    public async Task The_removal_is_told_and_so_is_every_sign_in_under_watch_and_the_contact_stays_as_it_is()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var mailbox = Mailbox.Of(account);
        var found = await account.OpenedCase().Executed();
        await mailbox.Get("Support removed every MFA device");
        var half = await account.HalfSignedIn();
        var code = (await found.Code()).TextOf("code");
        (await mailbox.Get("Support handed out an enrolment code")).Text.ShouldNotContain(code);
        (await half.By.Post(half.Path + "/enrolment-codes", new { code })).ShouldBe(HttpStatusCode.OK);
        (await mailbox.Get("A sign-in worth a look")).Text.ShouldContain("not long after support removed every device");
        (await account.Root.Put(account.Path + "/contact", new { email = Scenarios.NewEmail(), phone = account.Phone }))
            .ShouldRefuse(409, "contact-locked");
    }

    [Fact]
    public async Task Whoever_did_not_get_the_code_says_so_and_it_is_void()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase().Executed();
        var code = (await found.Code()).TextOf("code");
        var told = await Mailbox.Of(account).Get("Support handed out an enrolment code");
        told.Text.ShouldContain("From: our support desk.");
        (await account.Stranger().Post("/repudiations", new { token = told.Token })).ShouldBe(HttpStatusCode.NoContent);
        var half = await account.HalfSignedIn();
        (await half.By.Post(half.Path + "/enrolment-codes", new { code })).ShouldRefuse(403, "invalid-authentication-code");
    }

    [Fact]
    public async Task A_number_that_changed_less_than_72_hours_ago_is_not_called()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Put(account.Path + "/contact", new { email = account.Email, phone = Scenarios.NewPhone() })).ShouldBe(HttpStatusCode.Accepted);
        var call = (await account.Root.Post(account.Path + "/contact/calls")).ShouldBe(HttpStatusCode.Created);
        var found = await account.OpenedCase();
        (await found.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted);
        (await account.Stranger().Post($"/development/calls/{call.TextOf("callId")}/digits", new { digits = call.TextOf("digits") }))
            .ShouldBe(HttpStatusCode.NoContent);

        (await found.Evidence("callBack")).ShouldRefuse(409, "evidence-missing");
        account.Time.Pass(TimeSpan.FromHours(72));
        (await found.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted);
    }

    private static string Forged(string token) => token[..^1] + (token[^1] == 'A' ? 'B' : 'A');
}
