using System.Net;
using System.Text.Json;
using MfaEvents.Server.Tests.Support;

namespace MfaEvents.Server.Tests.Audit.Erasure;

/// <summary>Nobody is written to, called or let in by what was erased.</summary>
public sealed class ErasedContactTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task An_erased_address_is_told_once_signs_nobody_in_and_is_free_for_others()
    {
        var account = await api.VisitedAccount();
        await account.Erased("email", "phone");
        var told = await Mailbox.Of(account).Get("Personal data were erased");
        told.Text.ShouldContain("e-mail addresses, phone numbers");
        told.Text.ShouldNotContain("?token=");

        (await account.Stranger().SignIn(account)).ShouldRefuse(403, "invalid-credentials");
        (await api.A("provisioner").Post("/accounts", Scenarios.Registration(account.Email))).ShouldBe(HttpStatusCode.Created);
        var contact = (await account.Root.Get($"{account.Path}/contact")).ShouldBe(HttpStatusCode.OK);
        contact["email"].ValueKind.ShouldBe(JsonValueKind.Null);
        contact["phone"].ValueKind.ShouldBe(JsonValueKind.Null);

        // Nothing more comes to it, and whoever is still signed in enters another one.
        await account.CreatedUser("alice");
        var (email, phone) = (Scenarios.NewEmail(), Scenarios.NewPhone());
        (await account.Root.Put($"{account.Path}/contact", new { email, phone })).ShouldBe(HttpStatusCode.Accepted);
        var proof = await Mailbox.Of(account, email).Get("Confirm this e-mail address");
        (await account.Root.Post($"{account.Path}/contact/email-proofs", new { token = proof.Token })).ShouldBe(HttpStatusCode.NoContent);
        (await (account with { Email = email }).Stranger().SignIn(account with { Email = email })).ShouldBe(HttpStatusCode.Created);
        Mailbox.Of(account).All().Count(mail => mail.Subject.StartsWith("A user was created", StringComparison.Ordinal)).ShouldBe(0);
        (await account.Verified())["intact"].GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task An_erased_address_is_no_way_back_for_a_recovery_that_has_begun_either()
    {
        var account = await api.VisitedAccount();
        var half = await account.HalfSignedIn();
        var begun = await account.BegunRecovery();
        var token = await begun.EmailToken();
        await account.Erased("email");
        (await half.TryRecovery()).ShouldRefuse(409, "recovery-not-available");
        (await begun.ProveEmail(token)).ShouldRefuse(403, "invalid-proof");
        (await begun.Step()).ShouldBe("expired");
    }

    [Fact]
    public async Task A_recovery_calls_no_number_that_was_erased()
    {
        var account = await api.VisitedAccount();
        var proven = await account.BegunRecovery().EmailProven();
        await account.Erased("phone");
        (await proven.Call()).ShouldRefuse(409, "recovery-state");
    }

    [Fact]
    public async Task The_desk_reads_out_no_digits_for_a_number_that_was_erased()
    {
        var account = await api.VisitedAccount();
        var found = await account.OpenedCase();
        await account.Erased("phone");
        (await found.Evidence("callBack")).ShouldRefuse(409, "evidence-missing");
        (await found.Evidence("inPerson")).ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_version_that_no_key_opens_any_more_goes_with_the_others()
    {
        var account = await api.VisitedAccount();
        var before = await api.RowsAsync("select data ->> 'sealed' from sealed.mt_doc_sealedcontact where tenant_id = $1", account.Id);
        await api.RowsAsync(
            "update sealed.mt_doc_sealedcontact set data = jsonb_set(data, '{sealed}', to_jsonb(reverse(data ->> 'sealed'))) where tenant_id = $1 and id = 'v1'",
            account.Id);
        await account.Erased(Erasable.Everything);
        var after = await api.RowsAsync("select data ->> 'sealed' from sealed.mt_doc_sealedcontact where tenant_id = $1", account.Id);
        after.Count.ShouldBe(before.Count);
        after.ShouldNotContain(text => before.Contains(text) || before.Contains(string.Concat(text.Reverse())));
        (await account.Verified())["intact"].GetBoolean().ShouldBeTrue();
    }
}
