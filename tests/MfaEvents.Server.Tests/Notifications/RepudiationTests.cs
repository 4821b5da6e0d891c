using System.Net;
using MfaEvents.Server.Notifications;

namespace MfaEvents.Server.Tests.Notifications;

public sealed class RepudiationTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_repudiated_notice_ends_all_sessions_and_half_done_sign_ins_once()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var thief = await account.SignedIn(device);
        var half = await account.HalfSignedIn();
        var mail = await Mailbox.Of(account).Get("An MFA device was activated");

        (await account.Stranger().Post("/repudiations", new { token = mail.Token })).ShouldBe(HttpStatusCode.NoContent).Text.ShouldBeEmpty();

        (await thief.Get($"{account.RootPath}/mfa-devices")).ShouldRefuse(401, "unauthenticated");
        account.Time.PassSteps(2);
        (await half.Code(device, device.Code())).ShouldRefuse(404, "not-found");
        (await account.Stranger().Post("/repudiations", new { token = mail.Token })).ShouldRefuse(403, "invalid-proof");
        var events = (await api.EventsAsync(account.Id, "root")).ToList();
        events.Count(e => e.EventTypeName == "notice_repudiated").ShouldBe(1);
        events[^1].EventTypeName.ShouldBe("sessions_ended");
        await Mailbox.Of(account).Get("Somebody said: this was not me");
        Mailbox.Of(account).Find("Somebody said").Single().Text.ShouldNotContain("token=");
    }

    [Fact]
    public async Task Of_two_at_once_one_is_heard()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var mail = await Mailbox.Of(account).Get("An MFA device was activated");

        var replies = await Scenarios.AtOnce(8, _ => account.Stranger().Post("/repudiations", new { token = mail.Token }));

        replies.Count(reply => reply.Status == 204).ShouldBe(1);
        replies.Where(reply => reply.Status != 204).ShouldAllBe(reply => reply.Status == 403);
        (await api.EventsAsync(account.Id, "root")).Count(e => e.EventTypeName == "notice_repudiated").ShouldBe(1);
    }

    [Fact]
    public async Task A_notice_about_a_user_ends_that_users_sessions()
    {
        var account = await api.RegisteredAccount();
        var password = $"{Scenarios.Password} of alice";
        (await account.Root.Post($"{account.Path}/users", new { userName = "alice", password })).ShouldBe(HttpStatusCode.Created);
        await (await account.AssignedDevice(account.User("alice"), "user:alice")).Activated();
        var mail = await Mailbox.Of(account).Get("An MFA device was activated");

        (await account.Stranger().Post("/repudiations", new { token = mail.Token })).ShouldBe(HttpStatusCode.NoContent);

        (await api.EventsAsync(account.Id, "user:alice")).TakeLast(2).Select(e => e.EventTypeName).ShouldBe(["notice_repudiated", "sessions_ended"]);
        (await api.EventsAsync(account.Id, "root")).ShouldNotContain(e => e.EventTypeName == "notice_repudiated");
    }

    [Fact]
    public async Task A_late_false_or_strange_token_is_refused_and_changes_nothing()
    {
        var account = await api.RegisteredAccount();
        var other = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var token = (await Mailbox.Of(account).Get("An MFA device was activated")).Token;
        var version = await account.VersionOf("root");

        foreach (var wrong in (string[])["x", token[..^1] + (token[^1] == 'A' ? 'B' : 'A'), other.Id + token[12..], token + " "])
            (await account.Stranger().Post("/repudiations", new { token = wrong })).ShouldRefuse(403, "invalid-proof");
        (await account.Stranger().Post("/repudiations", new { token = "" })).ShouldFindFault("token");
        account.Time.Pass(TimeSpan.FromDays(8));
        (await account.Stranger().Post("/repudiations", new { token })).ShouldRefuse(403, "invalid-proof");
        (await account.VersionOf("root")).ShouldBe(version);
    }

    [Fact]
    public async Task The_page_changes_nothing_and_its_button_does()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var mail = await Mailbox.Of(account).Get("An MFA device was activated");
        var version = await account.VersionOf("root");
        var browser = account.Stranger();

        for (var scanner = 0; scanner < 3; scanner++)
        {
            var page = await browser.Get(mail.Link);
            page.Status.ShouldBe(200);
            page.ContentType!.MediaType.ShouldBe("text/html");
            page.Text.ShouldContain(mail.Token);
            page.Text.ShouldContain("<html lang=\"en\">");
            page.Text.ShouldNotContain("<script>");
            page.Headers.GetValues("Content-Security-Policy").ShouldBe([LinkPages.Policy]);
            page.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
            page.Headers.CacheControl!.NoStore.ShouldBeTrue();
        }

        (await account.VersionOf("root")).ShouldBe(version);

        var done = await browser.PostForm(mail.Link, ("token", mail.Token));
        done.Status.ShouldBe(200, done.Text);
        done.Text.ShouldContain("Done.");
        (await account.VersionOf("root")).ShouldBe(version + 2);
        (await browser.PostForm(mail.Link, ("token", mail.Token))).Status.ShouldBe(403);
    }

    [Theory]
    [InlineData("/links/nonsense?token=x", 404), InlineData("/links/repudiation", 403), InlineData("/links/repudiation?token=x", 403)]
    [InlineData("/links/contact-email?token=123456789012.<script>", 403)]
    public async Task A_page_of_nothing_is_refused(string path, int status)
    {
        var page = await api.Nobody().Get(path);
        page.Status.ShouldBe(status);
        page.Text.ShouldNotContain("<script>");
    }

    [Fact]
    public async Task A_button_takes_a_form_alone()
    {
        (await api.Nobody().Post("/links/repudiation", new { token = "x" })).ShouldRefuse(415, "unsupported-media-type");
        (await api.Nobody().PostForm("/links/repudiation")).Status.ShouldBe(403);
        (await api.Nobody().PostForm("/links/contact-email", ("token", "x"))).ShouldRefuse(404, "not-found");
    }
}
