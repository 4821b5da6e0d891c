using System.Net;
using MfaEvents.Server.Notifications.Notices;

namespace MfaEvents.Server.Tests.Notifications;

public sealed class NoticesTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_notice_says_what_when_from_where_and_how_to_repudiate()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone-1").Activated();

        var mail = await Mailbox.Of(account).Get("An MFA device was activated");

        mail.Text.ShouldContain("The device \"phone-1\" was activated for the root user: its codes sign in from now on.");
        mail.Text.ShouldContain($"Account: {account.AccountName.Trim()} ({account.Id})");
        mail.Text.ShouldContain($"When: {account.Time.Now.UtcDateTime.AddMinutes(-1):d MMMM yyyy, HH:mm}");
        mail.Text.ShouldContain("From: 203.0.113.7, by a program that calls itself \"tests/1.0\"");
        mail.Text.ReplaceLineEndings("\n").ShouldContain("This was not me:\nhttp://localhost:5080/links/repudiation?token=");
        mail.Html.ShouldContain("&quot;phone-1&quot;");
        mail.Html.ShouldNotContain("<script");
        mail.Headers.ShouldContain("Auto-Submitted: auto-generated");
        mail.MessageId.ShouldMatch("^notice[.][0-9a-f]{32}[.][0-9]+@localhost$");
        mail.From.ShouldContain("no-reply@localhost");
        mail.Text.ShouldNotContain(device.SecretKey);
    }

    [Fact]
    public async Task Every_change_of_a_factor_a_password_or_a_user_is_told()
    {
        var account = await api.RegisteredAccount();
        var mailbox = Mailbox.Of(account);
        var phone = await account.AssignedDevice("phone").Activated();
        (await phone.Owner.Patch(phone.Path, new { deviceName = "pocket" })).ShouldBe(HttpStatusCode.OK);
        (await mailbox.Get("An MFA device was renamed")).Text.ShouldContain("The device \"phone\" of the root user is called \"pocket\"");

        account.Time.PassSteps(2);
        (await phone.Resync(phone.Codes())).ShouldBe(HttpStatusCode.OK);
        await mailbox.Get("An MFA device was synchronised");

        (await account.Root.Put($"{account.RootPath}/password", new { newPassword = "another horse battery staple" })).ShouldBe(HttpStatusCode.NoContent);
        (await mailbox.Get("A password was changed")).Text.ShouldContain("The password of the root user was changed");

        var late = await account.AssignedDevice("late").OutOfSync();
        (await mailbox.Get("An MFA device is out of sync")).Text.ShouldContain("The device \"late\"");

        (await late.Owner.Delete(late.Path)).ShouldBe(HttpStatusCode.NoContent);
        (await mailbox.Get("An MFA device was removed")).Text.ShouldContain("was removed");

        await account.CreatedUser("alice");
        (await mailbox.Get("A user was created")).Text.ShouldContain("The user \"alice\" was created.");
        (await account.Root.Delete($"{account.Path}/users/alice")).ShouldBe(HttpStatusCode.NoContent);
        await mailbox.Get("A user was deleted");
    }

    [Fact]
    public async Task What_happens_to_a_user_is_told_to_the_account()
    {
        var account = await api.RegisteredAccount();
        var alice = await account.CreatedUser("alice");
        await (await account.AssignedDevice(alice, "user:alice", "her-phone")).Activated();

        (await Mailbox.Of(account).Get("An MFA device was activated")).Text.ShouldContain("The device \"her-phone\" was activated for the user \"alice\"");
    }

    [Fact]
    public async Task A_pending_device_that_expires_or_is_discarded_is_nobodys_factor_and_not_told()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice("forgotten");
        await account.AssignedDevice("phone").Activated();
        await account.CreatedUser("marker");

        await Mailbox.Of(account).Get("A user was created");
        await Mailbox.Of(account).Get("An MFA device was activated");
        Mailbox.Of(account).Find("An MFA device was removed").ShouldBeEmpty();
    }

    [Fact]
    public async Task The_fifth_and_the_twentieth_wrong_code_after_a_right_password_are_told_and_so_is_the_sign_in_after_them()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        for (var number = 1; number <= 21; number++)
        {
            account.Time.Pass(TimeSpan.FromMinutes(6));
            (await (await account.HalfSignedIn()).Code(device, device.WrongCode())).ShouldRefuse(403, "invalid-authentication-code");
        }

        account.Time.Pass(TimeSpan.FromMinutes(6));
        await account.SignedIn(device);

        var mailbox = Mailbox.Of(account);
        (await mailbox.Get("A sign-in after failures")).Text.ShouldContain("The root user signed in after 21 failed attempts.");
        await mailbox.Has(2, "Wrong codes after a right password");
        mailbox.Find("Wrong codes").Select(mail => mail.Text.Contains("5 wrong", StringComparison.Ordinal)).ShouldBe([true, false], ignoreOrder: true);
    }

    [Fact]
    public async Task Wrong_passwords_before_a_right_one_are_told_with_the_sign_in()
    {
        var account = await api.RegisteredAccount();
        var stranger = account.Stranger();
        for (var number = 0; number < 5; number++)
        {
            (await stranger.SignIn(account, "no password of anybody")).ShouldRefuse(403, "invalid-credentials");
            account.Time.Pass(TimeSpan.FromMinutes(6));
        }

        (await stranger.SignIn(account)).ShouldBe(HttpStatusCode.OK);
        (await Mailbox.Of(account).Get("A sign-in after failures")).Text.ShouldContain("after 5 failed attempts");
    }

    [Fact]
    public async Task A_replayed_code_is_told_once_an_hour()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var code = device.Code();
        (await device.Verify(code)).ShouldBe(HttpStatusCode.OK);
        for (var number = 0; number < 3; number++) (await device.Verify(code)).ShouldRefuse(403, "invalid-authentication-code");

        var mailbox = Mailbox.Of(account);
        (await mailbox.Get("A used code was submitted again")).Text.ShouldContain("somebody sees the codes");
        account.Time.Pass(TimeSpan.FromMinutes(59));
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);
        (await device.Verify(device.Code())).ShouldRefuse(403, "invalid-authentication-code");
        account.Time.Pass(TimeSpan.FromMinutes(2));
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);
        (await device.Verify(device.Code())).ShouldRefuse(403, "invalid-authentication-code");
        await mailbox.Has(2, "A used code was submitted again");
    }

    [Fact]
    public async Task A_suspension_is_told()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("tired").Activated();
        var wrong = device.WrongCode();
        for (var number = 0; number < 100; number++)
        {
            (await device.Verify(wrong)).Status.ShouldBe(403);
            account.Time.Pass(TimeSpan.FromMinutes(6));
        }

        (await Mailbox.Of(account).Get("An MFA device was suspended")).Text.ShouldContain("The device \"tired\" of the root user was suspended after 100 wrong codes");
    }

    [Fact]
    public async Task What_a_client_calls_itself_becomes_no_link()
    {
        var account = await api.RegisteredAccount();
        var liar = account.Root with { UserAgent = "visit https://evil.example/<b>now</b> or call +1 415" };
        (await liar.Post($"{account.Path}/users", new { userName = "bob" })).ShouldBe(HttpStatusCode.Created);

        var mail = await Mailbox.Of(account).Get("A user was created");
        mail.Text.ShouldNotContain("https://evil");
        mail.Text.ShouldNotContain("evil.example");
        mail.Html.ShouldNotContain("<b>");
    }

    [Fact]
    public async Task A_message_that_is_handled_twice_sends_the_same_mail_again()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice("phone").Activated();
        var mailbox = Mailbox.Of(account);
        var first = await mailbox.Get("An MFA device was activated");
        var events = await api.EventsAsync(account.Id, "root");
        var activated = events.Single(e => e.EventTypeName == "device_activated");

        await api.HandleAsync(account.Id, new SendNotice(account.Id, "root", activated.Version, 1));

        var again = (await mailbox.Get("An MFA device was activated"));
        again.MessageId.ShouldBe(first.MessageId);
        again.Token.ShouldNotBe(first.Token);
        (await account.Stranger().Post("/repudiations", new { token = first.Token })).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task No_message_and_no_link_holds_a_token_or_an_address()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice("phone").Activated();
        var token = (await Mailbox.Of(account).Get("An MFA device was activated")).Token;
        (await api.RowsAsync("select count(*) from mfa.mt_doc_openlink where data::text like '%' || $1 || '%'", token)).ShouldBe(["0"]);
        (await api.RowsAsync("select encode(body, 'escape') from wolverine.wolverine_incoming_envelopes where message_type like '%Notice%' or message_type like '%TellOf%'"))
            .Where(body => body.Contains(account.Email, StringComparison.Ordinal) || body.Contains(token, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void The_table_tells_of_every_event_once() => NoticeTable.Rows.Select(row => row.Event).ShouldBeUnique();
}
