using System.Globalization;
using System.Net;
using MimeKit;
using MfaEvents.Server.Notifications.Mail;

namespace MfaEvents.Server.Tests.Notifications;

public sealed class SmtpTests(TestRun run)
{
    private static readonly CancellationToken NoHurry = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("starttls", MailSecurity.StartTls), InlineData("implicit", MailSecurity.ImplicitTls)]
    public async Task Mail_goes_by_tls_and_with_a_login(string mode, MailSecurity security)
    {
        await using var server = await new SmtpServer().StartAsync(mode, "mfa", "pass word");
        using var mail = AMail("owner@example.com");

        await new SmtpCarrier(With(server.Settings(security), "mfa", "pass word")).CarryAsync(mail, NoHurry);

        var received = server.Mails().ShouldHaveSingleItem();
        received.To.ShouldBe("owner@example.com");
        received.Headers.ShouldContain("X-Transport: tls");
        received.Headers.ShouldContain("X-Login: True");
    }

    [Fact]
    public async Task Mail_goes_unprotected_only_where_that_is_wanted()
    {
        await using var server = await new SmtpServer().StartAsync("plain");
        using var mail = AMail("owner@example.com");

        await Should.ThrowAsync<MailDelayedException>(new SmtpCarrier(server.Settings(MailSecurity.StartTls)).CarryAsync(mail, NoHurry));
        server.Mails().ShouldBeEmpty();
        await new SmtpCarrier(server.Settings(MailSecurity.None)).CarryAsync(mail, NoHurry);
        server.Mails().ShouldHaveSingleItem().Headers.ShouldContain("X-Transport: plain");
    }

    [Fact]
    public async Task A_server_that_nobody_vouches_for_gets_nothing()
    {
        await using var server = await new SmtpServer().StartAsync("starttls");
        await using var other = await new SmtpServer().StartAsync("starttls");
        using var mail = AMail("owner@example.com");

        var stranger = new MailSettings { Host = "localhost", Port = server.Port };
        await Should.ThrowAsync<MailDelayedException>(new SmtpCarrier(stranger).CarryAsync(mail, NoHurry));
        var wrongAuthority = new MailSettings { Host = "localhost", Port = server.Port, CertificateAuthority = other.Authority };
        await Should.ThrowAsync<MailDelayedException>(new SmtpCarrier(wrongAuthority).CarryAsync(mail, NoHurry));
        var wrongName = new MailSettings { Host = "127.0.0.1", Port = server.Port, CertificateAuthority = server.Authority };
        await Should.ThrowAsync<MailDelayedException>(new SmtpCarrier(wrongName).CarryAsync(mail, NoHurry));
        server.Mails().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_the_server_says_decides_whether_a_mail_is_tried_again_and_is_not_quoted()
    {
        await using var server = await new SmtpServer().StartAsync("starttls", "mfa", "pass word");
        var carrier = new SmtpCarrier(With(server.Settings(MailSecurity.StartTls), "mfa", "pass word"));
        using var unknown = AMail("unknown@example.com");
        using var later = AMail("later@example.com");

        (await Should.ThrowAsync<MailRefusedException>(carrier.CarryAsync(unknown, NoHurry))).ToString().ShouldNotContain("example.com");
        (await Should.ThrowAsync<MailDelayedException>(carrier.CarryAsync(later, NoHurry))).ToString().ShouldNotContain("example.com");
        await carrier.CarryAsync(later, NoHurry);
        server.Mails().ShouldHaveSingleItem().To.ShouldBe("later@example.com");

        var wrong = new SmtpCarrier(With(server.Settings(MailSecurity.StartTls), "mfa", "wrong"));
        (await Should.ThrowAsync<MailDelayedException>(wrong.CarryAsync(later, NoHurry))).ToString().ShouldNotContain("wrong");
    }

    [Fact]
    public async Task A_mail_server_that_is_down_fails_no_command_and_gets_each_mail_once_it_is_up()
    {
        await using var server = new SmtpServer();
        await using var host = await StartHostAsync("mfa_smtp_down", server.Port);
        var account = await host.RegisteredAccount();
        await account.AssignedDevice("phone").Activated();
        (await account.Root.Put($"{account.RootPath}/password", new { newPassword = "another horse battery staple" })).ShouldBe(HttpStatusCode.NoContent);
        await Scenarios.Eventually(
            async () => (await host.RowsAsync("select count(*) from wolverine.wolverine_incoming_envelopes where attempts > 0 and message_type like '%SendNotice'")) is ["2"],
            "both mails were tried");

        await server.StartAsync("plain");

        await Scenarios.Eventually(() => Task.FromResult(server.Mails().DistinctBy(mail => mail.MessageId).Count() == 2), "both mails have come");
        server.Mails().Select(mail => mail.To).Distinct().ShouldBe([account.Email]);
        var activated = server.Mails().First(mail => mail.Subject.StartsWith("An MFA device was activated", StringComparison.Ordinal));
        activated.Html.ShouldContain("phone");
        (await account.Stranger().Post("/repudiations", new { token = activated.Token })).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_mail_that_the_server_refuses_is_a_dead_letter_without_an_address()
    {
        await using var server = await new SmtpServer().StartAsync("plain");
        await using var host = await StartHostAsync("mfa_smtp_refused", server.Port);
        var email = $"unknown-{Scenarios.NewEmail()}";
        var reply = await host.A("provisioner").Post("/accounts", Scenarios.Registration(email));
        var account = new OpenAccount(host, reply.ShouldBe(HttpStatusCode.Created).TextOf("accountId"), "", email, "", Scenarios.Password, new Moment());
        await account.CreatedUser();

        await Scenarios.Eventually(async () => (await host.A("operator").Get("/dead-letters"))["items"].GetArrayLength() == 1, "the mail is given up");
        var letters = await host.A("operator").Get("/dead-letters");
        letters["items"][0].GetProperty("messageType").GetString()!.ShouldEndWith("SendNotice");
        letters["items"][0].GetProperty("exceptionMessage").GetString().ShouldBe("The mail server refused: 550 RecipientNotAccepted.");
        letters.Text.ShouldNotContain(email);
        (await host.RowsAsync("select encode(body, 'escape') || exception_message from wolverine.wolverine_dead_letters")).ShouldHaveSingleItem().ShouldNotContain(email);
    }

    private Task<MfaHost> StartHostAsync(string database, int port) => run.StartHostAsync(database, new Dictionary<string, string>
    {
        ["MfaEvents:Mail:Host"] = "127.0.0.1",
        ["MfaEvents:Mail:Port"] = port.ToString(CultureInfo.InvariantCulture),
        ["MfaEvents:Mail:Security"] = "None",
        ["MfaEvents:Mail:From"] = "Accounts <accounts@example.org>",
    });

    private static MailSettings With(MailSettings settings, string user, string password) => new()
    {
        Host = settings.Host,
        Port = settings.Port,
        Security = settings.Security,
        CertificateAuthority = settings.CertificateAuthority,
        User = user,
        Password = password,
    };

    private static MimeMessage AMail(string to)
    {
        var mail = new MimeMessage { Subject = "Subject", Body = new BodyBuilder { TextBody = "Text", HtmlBody = "<p>Text</p>" }.ToMessageBody() };
        mail.From.Add(new MailboxAddress("MfaEvents", "no-reply@example.org"));
        mail.To.Add(MailboxAddress.Parse(to));
        return mail;
    }
}
