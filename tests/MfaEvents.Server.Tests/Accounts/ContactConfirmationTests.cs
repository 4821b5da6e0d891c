using System.Net;
using System.Text.Json;
using MfaEvents.Server.Accounts;
using OpenAccount = MfaEvents.Server.Tests.Harness.OpenAccount;

namespace MfaEvents.Server.Tests.Accounts;

public sealed class ContactConfirmationTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task The_link_to_a_new_address_confirms_it_and_the_root_user_signs_in_with_it_from_then_on()
    {
        var account = await api.RegisteredAccount();
        var email = await Requested(account);
        var mail = await Mailbox.Of(account, email).Get("Confirm this e-mail address");
        mail.Link.ShouldStartWith("/links/contact-email?token=");

        (await Prove(account, mail.Token)).ShouldBe(HttpStatusCode.NoContent).Text.ShouldBeEmpty();

        var contact = (await account.Root.Get($"{account.Path}/contact")).ShouldBe(HttpStatusCode.OK);
        contact.TextOf("email").ShouldBe(email);
        contact.TextOf("phone").ShouldBe(account.Phone);
        contact["pendingEmail"].ValueKind.ShouldBe(JsonValueKind.Null);
        (await account.Stranger().SignIn(account)).ShouldRefuse(403, "invalid-credentials");
        (await (account with { Email = email }).Stranger().SignIn(account with { Email = email })).ShouldBe(HttpStatusCode.OK);

        await Mailbox.Of(account).Get("Contact information was changed");
        await Mailbox.Of(account, email).Get("Contact information was changed");
        (await Prove(account, mail.Token)).ShouldRefuse(403, "invalid-proof");
    }

    [Fact]
    public async Task The_page_of_a_new_address_shows_the_proof_and_confirms_nothing()
    {
        var account = await api.RegisteredAccount();
        var mail = await Mailbox.Of(account, await Requested(account)).Get("Confirm this e-mail address");
        var page = await account.Stranger().Get(mail.Link);
        page.Status.ShouldBe(200);
        page.Text.ShouldContain(mail.Token);
        page.Text.ShouldNotContain("<form");
        (await account.Root.Get($"{account.Path}/contact")).TextOf("email").ShouldBe(account.Email);
    }

    [Fact]
    public async Task For_72_hours_the_former_address_is_told_of_everything_and_is_nobody_elses()
    {
        var account = await api.RegisteredAccount();
        var email = await Changed(account);
        (await api.A("provisioner").Post("/accounts", Scenarios.Registration(account.Email))).ShouldRefuse(409, "email-taken");

        await account.CreatedUser("alice");
        await Mailbox.Of(account).Get("A user was created");
        await Mailbox.Of(account, email).Get("A user was created");

        account.Time.Pass(TimeSpan.FromHours(73));
        await account.CreatedUser("bob");
        await Mailbox.Of(account, email).Has(2, "A user was created");
        Mailbox.Of(account).Find("A user was created").Count().ShouldBe(1);

        await SettledAt(account);
        (await api.A("provisioner").Post("/accounts", Scenarios.Registration(account.Email))).ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task The_former_address_takes_the_change_back_and_the_new_one_loses_its_say()
    {
        var account = await api.RegisteredAccount();
        var email = await Changed(account);
        var thief = account with { Email = email };
        var session = await thief.SignedIn();
        var owners = await Mailbox.Of(account).Get("Contact information was changed");
        var thiefs = await Mailbox.Of(account, email).Get("Contact information was changed");
        account.Time.Pass(TimeSpan.FromHours(71));

        (await account.Stranger().Post("/repudiations", new { token = owners.Token })).ShouldBe(HttpStatusCode.NoContent);

        (await session.Get($"{account.Path}/contact")).ShouldRefuse(401, "unauthenticated");
        (await account.Root.Get($"{account.Path}/contact")).TextOf("email").ShouldBe(account.Email);
        (await thief.Stranger().SignIn(thief)).ShouldRefuse(403, "invalid-credentials");
        (await account.Stranger().SignIn(account)).ShouldBe(HttpStatusCode.OK);
        (await account.Stranger().Post("/repudiations", new { token = thiefs.Token })).ShouldRefuse(403, "invalid-proof");
        (await api.A("provisioner").Post("/accounts", Scenarios.Registration(email))).ShouldBe(HttpStatusCode.Created);

        await Mailbox.Of(account).Get("A change of contact information was taken back");
        await account.CreatedUser("marker");
        await Mailbox.Of(account).Get("A user was created");
        Mailbox.Of(account, email).Find("A user was created").ShouldBeEmpty();
        var last = await Mailbox.Of(account, email).Get("A change of contact information was taken back");
        last.Text.ShouldContain("This address is told of nothing after that.");
        last.Text.ShouldNotContain("From:");
        last.Text.ShouldNotContain("token=");
    }

    [Fact]
    public async Task After_72_hours_a_change_stays_and_the_former_address_has_no_say()
    {
        var account = await api.RegisteredAccount();
        var email = await Changed(account);
        var owners = await Mailbox.Of(account).Get("Contact information was changed");
        account.Time.Pass(TimeSpan.FromHours(72.1));

        (await account.Stranger().Post("/repudiations", new { token = owners.Token })).ShouldRefuse(403, "invalid-proof");
        (await account.Root.Get($"{account.Path}/contact")).TextOf("email").ShouldBe(email);
    }

    [Fact]
    public async Task An_address_that_is_taken_gets_a_notice_and_no_link_and_whoever_asked_sees_no_difference()
    {
        var owner = await api.RegisteredAccount();
        var account = await api.RegisteredAccount();
        await Requested(account, owner.Email);

        var mail = await Mailbox.Of(owner).Get("Somebody asked for this e-mail address");
        mail.Text.ShouldNotContain("token=");
        mail.Text.ShouldNotContain(account.Id);
        Mailbox.Of(owner).Find("Confirm this").ShouldBeEmpty();
    }

    [Fact]
    public async Task An_address_that_was_taken_meanwhile_is_not_confirmed()
    {
        var account = await api.RegisteredAccount();
        var email = await Requested(account);
        var mail = await Mailbox.Of(account, email).Get("Confirm this e-mail address");
        (await api.A("provisioner").Post("/accounts", Scenarios.Registration(email))).ShouldBe(HttpStatusCode.Created);

        (await Prove(account, mail.Token)).ShouldRefuse(409, "email-taken");
        (await account.Root.Get($"{account.Path}/contact")).TextOf("email").ShouldBe(account.Email);
        (await account.VersionOf("account")).ShouldBe(2);
    }

    [Fact]
    public async Task Wrong_late_superseded_and_strange_proofs_change_nothing()
    {
        var account = await api.RegisteredAccount();
        var other = await api.RegisteredAccount();
        var first = await Requested(account);
        var superseded = (await Mailbox.Of(account, first).Get("Confirm this e-mail address")).Token;
        var email = await Requested(account);
        var token = (await Mailbox.Of(account, email).Get("Confirm this e-mail address")).Token;
        var repudiation = (await Mailbox.Of(account).Get("A change of contact information")).Token;

        foreach (var wrong in (string[])[superseded, repudiation, "x", token[..^2] + "xx", other.Id + token[12..]])
            (await Prove(account, wrong)).ShouldRefuse(403, "invalid-proof");
        (await Prove(other, token)).ShouldRefuse(403, "invalid-proof");
        (await account.Root.Post($"{account.Path}/contact/email-proofs", new { })).ShouldFindFault("token");
        account.Time.Pass(TimeSpan.FromHours(24.1));
        (await Prove(account, token)).ShouldRefuse(403, "invalid-proof");
        (await account.Root.Get($"{account.Path}/contact")).TextOf("email").ShouldBe(account.Email);
        (await account.VersionOf("account")).ShouldBe(3);
    }

    [Fact]
    public async Task Of_many_proofs_at_once_one_confirms()
    {
        var account = await api.RegisteredAccount();
        var mail = await Mailbox.Of(account, await Requested(account)).Get("Confirm this e-mail address");

        var replies = await Scenarios.AtOnce(6, _ => Prove(account, mail.Token));

        replies.Count(reply => reply.Status == 204).ShouldBe(1);
        replies.Where(reply => reply.Status != 204).ShouldAllBe(reply => reply.Status == 403 || reply.Status == 409);
        (await api.EventsAsync(account.Id, "account")).Count(e => e.EventTypeName == "contact_information_changed").ShouldBe(1);
    }

    [Fact]
    public async Task The_digits_that_the_page_shows_confirm_the_number_by_itself()
    {
        var account = await api.RegisteredAccount();
        var (email, phone) = (Scenarios.NewEmail(), Scenarios.NewPhone());
        await Requested(account, email, phone);
        var call = (await account.Root.Post($"{account.Path}/contact/calls")).ShouldBe(HttpStatusCode.Created).ShouldHave("callId", "digits", "expiresAt");

        (await Keyed(account, call, call.TextOf("digits"))).Status.ShouldBe(204);

        var contact = (await account.Root.Get($"{account.Path}/contact")).ShouldBe(HttpStatusCode.OK);
        contact.TextOf("phone").ShouldBe(phone);
        contact["pendingPhone"].ValueKind.ShouldBe(JsonValueKind.Null);
        contact.TextOf("email").ShouldBe(account.Email);
        contact.TextOf("pendingEmail").ShouldBe(email);

        // The address can still be confirmed by the link that was sent before.
        var mail = await Mailbox.Of(account, email).Get("Confirm this e-mail address");
        (await Prove(account, mail.Token)).ShouldBe(HttpStatusCode.NoContent);
        (await account.Root.Post($"{account.Path}/contact/calls")).ShouldRefuse(409, "conflict");
    }

    [Fact]
    public async Task A_call_ends_with_the_session_that_asked_for_it()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        account.Time.PassSteps(1);
        var thief = await account.SignedIn(device);
        await Requested(account, account.Email, Scenarios.NewPhone());
        var call = (await thief.Post($"{account.Path}/contact/calls")).ShouldBe(HttpStatusCode.Created);

        (await account.Root.Delete($"{account.RootPath}/sessions")).ShouldBe(HttpStatusCode.NoContent);

        (await Keyed(account, call, call.TextOf("digits"))).Status.ShouldBe(204);
        (await account.Root.Get($"{account.Path}/contact")).TextOf("phone").ShouldBe(account.Phone);
    }

    [Fact]
    public async Task Five_wrong_digits_end_a_call_and_each_is_recorded()
    {
        var account = await api.RegisteredAccount();
        await Requested(account, account.Email, Scenarios.NewPhone());
        var call = (await account.Root.Post($"{account.Path}/contact/calls")).ShouldBe(HttpStatusCode.Created);
        var wrong = call.TextOf("digits") == "000000" ? "000001" : "000000";

        for (var number = 0; number < 6; number++) (await Keyed(account, call, wrong)).Status.ShouldBe(204);
        (await Keyed(account, call, call.TextOf("digits"))).Status.ShouldBe(204);

        (await account.Root.Get($"{account.Path}/contact")).TextOf("phone").ShouldBe(account.Phone);
        (await api.EventsAsync(account.Id, "account")).Count(e => e.EventTypeName == "contact_digits_rejected").ShouldBe(5);
    }

    [Fact]
    public async Task A_call_confirms_nothing_once_the_session_that_asked_for_it_has_ended()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var (thief, owner) = (await account.SignedIn(device), await account.SignedIn(device));
        foreach (var (asks, ends) in ((Person, Func<Task<Reply>>)[])
        [
            (thief, () => thief.Delete($"{account.RootPath}/sessions/{thief.Claims().GetProperty("sid").GetString()}")),
            (owner, () => account.Root.Delete($"{account.RootPath}/sessions")),
            (account.Root, () => account.Root.Delete($"{account.RootPath}/sessions")),
        ])
        {
            (await asks.Put($"{account.Path}/contact", new { email = account.Email, phone = Scenarios.NewPhone() })).ShouldBe(HttpStatusCode.Accepted);
            var call = (await asks.Post($"{account.Path}/contact/calls")).ShouldBe(HttpStatusCode.Created);
            (await ends()).ShouldBe(HttpStatusCode.NoContent);
            (await Keyed(account, call, call.TextOf("digits"))).Status.ShouldBe(204);
            (await account.Root.Get($"{account.Path}/contact")).TextOf("phone").ShouldBe(account.Phone);
        }
    }

    [Fact]
    public async Task A_call_of_a_session_that_goes_on_confirms_although_the_others_were_ended()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var (other, owner, phone) = (await account.SignedIn(device), await account.SignedIn(device), Scenarios.NewPhone());
        (await owner.Put($"{account.Path}/contact", new { email = account.Email, phone })).ShouldBe(HttpStatusCode.Accepted);
        var call = (await owner.Post($"{account.Path}/contact/calls")).ShouldBe(HttpStatusCode.Created);
        (await owner.Delete($"{account.RootPath}/sessions")).ShouldBe(HttpStatusCode.NoContent);
        (await other.Get($"{account.Path}/contact")).ShouldRefuse(401, "unauthenticated");
        (await Keyed(account, call, call.TextOf("digits"))).Status.ShouldBe(204);
        (await account.Root.Get($"{account.Path}/contact")).TextOf("phone").ShouldBe(phone);
    }

    [Fact]
    public async Task Calls_and_requests_have_an_end_for_the_day()
    {
        var account = await api.RegisteredAccount();
        await Requested(account, account.Email, Scenarios.NewPhone());
        for (var number = 0; number < 5; number++) (await account.Root.Post($"{account.Path}/contact/calls")).ShouldBe(HttpStatusCode.Created);
        (await account.Root.Post($"{account.Path}/contact/calls")).ShouldRefuse(429, "too-many-attempts").Headers.RetryAfter.ShouldNotBeNull();

        for (var number = 1; number < 10; number++) await Requested(account);
        (await account.Root.Put($"{account.Path}/contact", new { email = Scenarios.NewEmail(), phone = account.Phone })).ShouldRefuse(429, "too-many-attempts");
        (await account.Root.Put($"{account.Path}/contact", new { email = account.Email, phone = account.Phone })).ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task A_locked_contact_is_neither_asked_for_nor_confirmed()
    {
        var account = await api.RegisteredAccount();
        var email = Scenarios.NewEmail();
        await Requested(account, email, Scenarios.NewPhone());
        var mail = await Mailbox.Of(account, email).Get("Confirm this e-mail address");
        var call = (await account.Root.Post($"{account.Path}/contact/calls")).ShouldBe(HttpStatusCode.Created);
        await LockContact(account);

        (await Prove(account, mail.Token)).ShouldRefuse(409, "contact-locked");
        (await account.Root.Post($"{account.Path}/contact/calls")).ShouldRefuse(409, "contact-locked");
        (await account.Root.Put($"{account.Path}/contact", new { email, phone = account.Phone })).ShouldRefuse(409, "contact-locked");
        (await Keyed(account, call, call.TextOf("digits"))).Status.ShouldBe(204);
        (await account.Root.Get($"{account.Path}/contact")).TextOf("phone").ShouldBe(account.Phone);

        account.Time.Pass(TimeSpan.FromHours(72));
        await Requested(account);
    }

    [Fact]
    public async Task Contact_is_confirmed_by_the_root_user_with_a_fresh_second_factor_alone()
    {
        var account = await api.RegisteredAccount();
        var mail = await Mailbox.Of(account, await Requested(account)).Get("Confirm this e-mail address");
        await account.AssignedDevice().Activated();
        var proofs = $"{account.Path}/contact/email-proofs";
        var body = new { token = mail.Token };

        (await account.Stranger().Post(proofs, body)).ShouldRefuse(401, "unauthenticated");
        (await (await account.CreatedUser()).Post(proofs, body)).ShouldRefuse(403, "forbidden");
        (await account.A("support-agent").Post(proofs, body)).ShouldRefuse(403, "forbidden");
        (await (account.Root with { Methods = ["pwd"] }).Post(proofs, body)).ShouldRefuse(401, "insufficient-user-authentication");
        (await (account.Root with { Methods = ["pwd", "recovery"] }).Post(proofs, body)).ShouldRefuse(401, "insufficient-user-authentication");
        (await (account.Root with { SignedInAgo = TimeSpan.FromMinutes(16) }).Post(proofs, body)).ShouldRefuse(401, "insufficient-user-authentication");
        (await account.Root.Post(proofs, body)).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_crash_between_account_and_directory_is_finished_by_the_message()
    {
        var account = await api.RegisteredAccount();
        var email = await Changed(account);
        await using (var directory = api.Services.GetRequiredService<IDirectoryStore>().LightweightSession())
        {
            // As if the process had died before the directory heard of it.
            directory.Store(new RootEmail(account.Email, account.Id));
            directory.Store(new RootEmail(email, account.Id) { HeldUntil = account.Time.Now.AddMinutes(1) });
            await directory.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var moved = account with { Email = email };
        (await moved.Stranger().SignIn(moved)).ShouldRefuse(403, "invalid-credentials");
        await SettledAt(account);
        (await moved.Stranger().SignIn(moved)).ShouldBe(HttpStatusCode.OK);
        (await account.Stranger().SignIn(account)).ShouldRefuse(403, "invalid-credentials");
    }

    [Fact]
    public async Task Neither_event_nor_directory_nor_link_tells_what_a_value_was_or_is()
    {
        var account = await api.RegisteredAccount();
        var email = await Changed(account);
        foreach (var payload in await api.RowsAsync("select data::text || headers::text from mfa.mt_events where tenant_id = $1", account.Id))
        {
            payload.ShouldNotContain(email);
            payload.ShouldNotContain(account.Email);
        }
    }

    private async Task SettledAt(OpenAccount account)
    {
        // A request of this account first: what it calls lives in its time.
        api.Clock.Set(account.Time.Now);
        await api.HandleAsync(account.Id, new SettleRootEmails(account.Id));
    }

    private async Task LockContact(OpenAccount account)
    {
        api.Clock.Set(account.Time.Now);
        await using var session = api.Store.LightweightSession(account.Id);
        session.Events.Append("root", new MfaEvents.Core.Recovery.RecoveryVerified(Guid.NewGuid()));
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        (await api.PrincipalAsync(account.Id, "root"))!.ContactLockedSince.ShouldNotBeNull();
    }

    private static async Task<string> Requested(OpenAccount account, string? email = null, string? phone = null)
    {
        email ??= Scenarios.NewEmail();
        (await account.Root.Put($"{account.Path}/contact", new { email, phone = phone ?? account.Phone })).ShouldBe(HttpStatusCode.Accepted);
        return email;
    }

    private static async Task<string> Changed(OpenAccount account)
    {
        var email = await Requested(account);
        var mail = await Mailbox.Of(account, email).Get("Confirm this e-mail address");
        (await Prove(account, mail.Token)).ShouldBe(HttpStatusCode.NoContent);
        return email;
    }

    private static Task<Reply> Prove(OpenAccount account, string token) => account.Root.Post($"{account.Path}/contact/email-proofs", new { token });

    private static Task<Reply> Keyed(OpenAccount account, Reply call, string digits) =>
        (account.Host.Nobody() with { Time = account.Time }).Post($"/development/calls/{call.TextOf("callId")}/digits", new { digits });
}
