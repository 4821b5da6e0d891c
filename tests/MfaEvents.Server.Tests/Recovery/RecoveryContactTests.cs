using System.Net;
using MfaEvents.Core.Recovery;
using MfaEvents.Server.Recovery;

namespace MfaEvents.Server.Tests.Recovery;

/// <summary>Who is told of a recovery, and what a changed contact makes of it.</summary>
public sealed class RecoveryContactTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Each_step_is_told_to_the_address_on_file_with_a_way_to_repudiate()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var (recovery, root) = await account.CompletedRecovery();
        var mailbox = Mailbox.Of(account);
        string[] subjects =
        [
            "A way in without a device was asked for", "A recovery proved the e-mail address", "A recovery proved the phone",
            "The root user got in without a device",
        ];
        foreach (var subject in subjects)
        {
            var mail = await mailbox.Get(subject);
            mail.Text.ShouldContain(subject.EndsWith("phone", StringComparison.Ordinal) ? "From: the phone that was called." : "From: 198.18.");
            mail.Token.ShouldStartWith(account.Id);
        }

        // Any of them will do, and each is another token.
        var token = (await mailbox.Get(subjects[1])).Token;
        (await account.Stranger().Post("/repudiations", new { token })).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Step()).ShouldBe("repudiated");
        (await root.Get(account.RootPath + "/mfa-devices")).ShouldRefuse(401, "unauthenticated");
        (await recovery.Repudiate(token)).ShouldRefuse(403, "invalid-proof");
        (await recovery.Repudiate((await mailbox.Get(subjects[2])).Token)).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Events()).Count(name => name == "recovery_repudiated").ShouldBe(1);
        await mailbox.Get("A recovery was stopped");
    }

    [Fact]
    public async Task The_link_of_the_mail_shows_the_proof_and_proves_nothing_by_being_opened()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery();
        var token = await recovery.EmailToken();
        var page = await account.Stranger().Get($"/links/recovery-email?token={token}");
        page.Status.ShouldBe(200);
        page.Text.ShouldContain(token);
        (await recovery.Step()).ShouldBe("email");
        (await recovery.ProveEmail(token)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task After_a_recovery_the_contact_stays_as_it_is_for_72_hours()
    {
        var (account, _) = await api.AccountWithLostDevice();
        await account.CompletedRecovery();
        var change = new { email = Scenarios.NewEmail(), phone = account.Phone };
        (await account.Root.Put(account.Path + "/contact", change)).ShouldRefuse(409, "contact-locked");
        account.Time.Pass(TimeSpan.FromHours(71));
        (await account.Root.Put(account.Path + "/contact", change)).ShouldRefuse(409, "contact-locked");
        account.Time.Pass(TimeSpan.FromHours(1));
        (await account.Root.Put(account.Path + "/contact", change)).ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task With_a_contact_changed_lately_completion_waits_a_day_and_the_old_address_can_stop_it()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var changed = await WithAnotherAddress(account);
        var (waiting, stopped) = (await changed.VerifiedRecovery(), await changed.BegunRecovery());
        (await waiting.Mail()).To.ToString().ShouldContain(changed.Email);
        var availableAt = (await waiting.Get()).ShouldBe(HttpStatusCode.OK).ShouldHave("step", "availableAt")["availableAt"].GetDateTimeOffset();
        (availableAt - account.Time.Now).TotalHours.ShouldBe(24, tolerance: 0.01);
        (await waiting.Complete()).ShouldRefuse(409, "recovery-state")["availableAt"].GetDateTimeOffset().ShouldBe(availableAt);

        // Whoever was reached before is told, and gets no proof.
        var old = await Mailbox.Of(account).Get("A recovery proved the phone");
        old.Text.ShouldContain("nobody is let in before");
        Mailbox.Of(account).All().ShouldAllBe(mail => !mail.Text.Contains("recovery-email", StringComparison.Ordinal));

        account.Time.Pass(TimeSpan.FromHours(24.1));
        api.Clock.Set(account.Time.Now);
        await api.HandleAsync(account.Id, new ExpireRecovery(waiting.Stream));
        (await stopped.Step()).ShouldBe("expired");
        (await waiting.Complete()).ShouldBe(HttpStatusCode.OK);

        (await account.Stranger().Post("/repudiations", new { token = old.Token })).ShouldBe(HttpStatusCode.NoContent);
        (await waiting.Step()).ShouldBe("repudiated");
    }

    [Fact]
    public async Task One_that_waits_lives_two_days_longer_and_no_more()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var changed = await WithAnotherAddress(account);
        var waiting = await changed.VerifiedRecovery();
        account.Time.Pass(TimeSpan.FromHours(71.9));
        (await waiting.Step()).ShouldBe("verified");
        account.Time.Pass(TimeSpan.FromHours(0.2));
        (await waiting.Step()).ShouldBe("expired");
        (await waiting.Complete()).ShouldRefuse(409, "recovery-state").ShouldHave("type", "title", "status", "detail");
    }

    [Fact]
    public async Task A_contact_changed_72_hours_ago_makes_nobody_wait()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var changed = await WithAnotherAddress(account);
        account.Time.Pass(TimeSpan.FromHours(72));
        var (recovery, _) = await changed.CompletedRecovery();
        (await recovery.Step()).ShouldBe("completed");
    }

    [Fact]
    public async Task A_contact_that_its_owner_takes_back_ends_the_recovery_that_uses_it()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var changed = await WithAnotherAddress(account);
        var waiting = await changed.VerifiedRecovery();
        var theirs = await waiting.RepudiationToken();
        var mail = await Mailbox.Of(account).Get("Contact information was changed");
        (await account.Stranger().Post("/repudiations", new { token = mail.Token })).ShouldBe(HttpStatusCode.NoContent);
        (await waiting.Step()).ShouldBe("expired");
        account.Time.Pass(TimeSpan.FromHours(25));
        (await waiting.Complete()).ShouldRefuse(409, "recovery-state");
        (await api.EventsAsync(account.Id, waiting.Stream))[^1].Data.ShouldBe(new RecoveryExpired(RecoveryEnd.ContactUndone));

        // And the address that was taken back has no say any more.
        (await waiting.Repudiate(theirs)).ShouldRefuse(403, "invalid-proof");
    }

    [Fact]
    public async Task Whoever_takes_a_change_back_waits_a_day_too()
    {
        var (account, _) = await api.AccountWithLostDevice();
        await WithAnotherAddress(account);
        var mail = await Mailbox.Of(account).Get("Contact information was changed");
        account.Time.Pass(TimeSpan.FromHours(71.5));
        (await account.Stranger().Post("/repudiations", new { token = mail.Token })).ShouldBe(HttpStatusCode.NoContent);

        account.Time.Pass(TimeSpan.FromHours(1));
        var waiting = await account.VerifiedRecovery();
        (await waiting.Complete()).ShouldRefuse(409, "recovery-state").ShouldHave("type", "title", "status", "detail", "availableAt");
        account.Time.Pass(TimeSpan.FromHours(24));
        (await waiting.Complete()).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_former_address_has_its_say_as_of_the_recoverys_beginning()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var changed = await WithAnotherAddress(account);
        account.Time.Pass(TimeSpan.FromHours(71));
        var waiting = await changed.VerifiedRecovery();
        var told = await Mailbox.Of(account).Get("A recovery proved the phone");

        // 95 hours after the change, in which the former address could be heard for 72, and an hour after it could be completed.
        account.Time.Pass(TimeSpan.FromHours(24.5));
        (await waiting.Complete()).ShouldBe(HttpStatusCode.OK);
        var completed = await Mailbox.Of(account).Get("The root user got in without a device");
        completed.Token.ShouldNotBe(told.Token);
        (await account.Stranger().Post("/repudiations", new { token = told.Token })).ShouldBe(HttpStatusCode.NoContent);
        (await waiting.Step()).ShouldBe("repudiated");
    }

    private static async Task<OpenAccount> WithAnotherAddress(OpenAccount account)
    {
        var email = Scenarios.NewEmail();
        (await account.Root.Put($"{account.Path}/contact", new { email, phone = account.Phone })).ShouldBe(HttpStatusCode.Accepted);
        var mail = await Mailbox.Of(account, email).Get("Confirm this e-mail address");
        (await account.Root.Post($"{account.Path}/contact/email-proofs", new { token = mail.Token })).ShouldBe(HttpStatusCode.NoContent);
        return account with { Email = email };
    }
}
