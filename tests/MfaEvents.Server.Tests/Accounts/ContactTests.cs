using System.Net;
using System.Text.Json;

namespace MfaEvents.Server.Tests.Accounts;

public sealed class ContactTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task The_contact_of_a_registration_counts_as_confirmed()
    {
        var account = await api.RegisteredAccount();

        var contact = (await account.Root.Get($"{account.Path}/contact")).ShouldBe(HttpStatusCode.OK);

        contact.ShouldHave("email", "phone", "pendingEmail", "pendingPhone");
        contact.TextOf("email").ShouldBe(account.Email);
        contact.TextOf("phone").ShouldBe(account.Phone);
        contact["pendingEmail"].ValueKind.ShouldBe(JsonValueKind.Null);
        contact["pendingPhone"].ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Changed_values_are_pending_until_confirmed()
    {
        var account = await api.RegisteredAccount();
        var (email, phone) = (Scenarios.NewEmail(), Scenarios.NewPhone());

        var changed = (await account.Root.Put($"{account.Path}/contact", new { email, phone })).ShouldBe(HttpStatusCode.Accepted);

        var read = (await account.Root.Get($"{account.Path}/contact")).ShouldBe(HttpStatusCode.OK);
        read.Text.ShouldBe(changed.Text);
        read.TextOf("email").ShouldBe(account.Email);
        read.TextOf("phone").ShouldBe(account.Phone);
        read.TextOf("pendingEmail").ShouldBe(email);
        read.TextOf("pendingPhone").ShouldBe(phone);
    }

    [Fact]
    public async Task The_event_says_which_values_changed_and_not_to_what()
    {
        var account = await api.RegisteredAccount();
        var email = Scenarios.NewEmail();
        (await account.Root.Put($"{account.Path}/contact", new { email, phone = account.Phone })).ShouldBe(HttpStatusCode.Accepted);

        var data = (await api.RowsAsync("select data::text from mfa.mt_events where tenant_id = $1 and type = 'contact_change_requested'", account.Id))
            .ShouldHaveSingleItem();

        data.ShouldNotContain(email);
        JsonElement.Parse(data).GetProperty("email").GetBoolean().ShouldBeTrue();
        JsonElement.Parse(data).GetProperty("phone").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task An_address_of_another_account_is_pending_like_any_other()
    {
        var other = await api.RegisteredAccount();
        var account = await api.RegisteredAccount();

        (await account.Root.Put($"{account.Path}/contact", new { email = other.Email, phone = account.Phone }))
            .ShouldBe(HttpStatusCode.Accepted).TextOf("pendingEmail").ShouldBe(other.Email);
    }

    [Fact]
    public async Task Asking_for_what_is_in_force_changes_nothing()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Put($"{account.Path}/contact", new { email = account.Email.ToUpperInvariant(), phone = account.Phone }))
            .ShouldBe(HttpStatusCode.Accepted)["pendingEmail"].ValueKind.ShouldBe(JsonValueKind.Null);
        (await account.VersionOf("account")).ShouldBe(1);
    }

    [Fact]
    public async Task A_pending_change_can_be_taken_back()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Put($"{account.Path}/contact", new { email = Scenarios.NewEmail(), phone = account.Phone })).ShouldBe(HttpStatusCode.Accepted);
        (await account.Root.Put($"{account.Path}/contact", new { email = account.Email, phone = account.Phone })).ShouldBe(HttpStatusCode.Accepted);

        (await account.Root.Get($"{account.Path}/contact"))["pendingEmail"].ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task A_wrong_contact_changes_nothing()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Put($"{account.Path}/contact", new { email = "", phone = "" })).ShouldFindFault("email", "phone");
        (await account.Root.Put($"{account.Path}/contact", new { email = account.Email })).ShouldFindFault("phone");
        (await account.VersionOf("account")).ShouldBe(1);
    }

    [Fact]
    public async Task Contact_is_the_root_users_alone()
    {
        var account = await api.RegisteredAccount();
        var user = await account.CreatedUser();
        (await user.Get($"{account.Path}/contact")).ShouldRefuse(403, "forbidden");
        (await user.Put($"{account.Path}/contact", new { email = account.Email, phone = account.Phone })).ShouldRefuse(403, "forbidden");
        (await account.A("auditor").Get($"{account.Path}/contact")).ShouldRefuse(403, "forbidden");
    }
}
