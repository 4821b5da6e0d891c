using System.Net;

namespace MfaEvents.Server.Tests.Accounts;

public sealed class RegisterAccountTests(TestRun run)
{
    private readonly MfaHost api = run.Host;
    private readonly Person provisioner = run.Host.A("provisioner");

    public static TheoryData<string, object?> WrongMembers => new()
    {
        { "accountName", null }, { "accountName", "" }, { "accountName", "   " }, { "accountName", "a\u0007b" }, { "accountName", "a\0b" },
        { "accountName", new string('a', 129) }, { "accountName", 7 },
        { "email", null }, { "email", "" }, { "email", "nobody" }, { "email", "a@b@example.com" }, { "email", "a b@example.com" },
        { "email", "a@example.com\n" }, { "email", "a@-example.com" }, { "email", new string('a', 65) + "@example.com" },
        { "email", "j\u00f6rg@example.com" }, { "email", true },
        { "phone", null }, { "phone", "" }, { "phone", "4155550100" }, { "phone", "+0155550100" }, { "phone", "+1415555010012345" },
        { "phone", "+1" }, { "phone", "+1415555010a" }, { "phone", "+\u0661\u0664\u0661\u0665\u0665\u0665\u0665\u0660\u0661\u0660\u0660" },
        { "phone", 14155550100 },
        { "password", null }, { "password", "" }, { "password", "elevenchars" }, { "password", new string('p', 129) }, { "password", new[] { "x" } },
    };

    [Fact]
    public async Task A_registered_account_is_where_its_Location_says()
    {
        var reply = await provisioner.Post("/accounts", Scenarios.Registration());

        reply.ShouldBe(HttpStatusCode.Created).ShouldHave("accountId");
        reply.TextOf("accountId").ShouldMatch("^[0-9]{12}$");
        reply.Location.ShouldBe($"/accounts/{reply.TextOf("accountId")}");
        var account = (await provisioner.Get(reply.Location!)).ShouldBe(HttpStatusCode.OK);
        account.ShouldHave("accountId", "accountName", "arn", "createdAt");
        account.TextOf("accountId").ShouldBe(reply.TextOf("accountId"));
        account.TextOf("arn").ShouldBe($"arn:aws:iam::{reply.TextOf("accountId")}:root");
        account.TextOf("createdAt").ShouldEndWith("Z");
    }

    [Fact]
    public async Task An_account_begins_with_a_root_user_without_devices()
    {
        var account = await api.RegisteredAccount();

        (await account.Root.Get(account.Path)).ShouldBe(HttpStatusCode.OK).TextOf("accountName").ShouldBe(account.AccountName);
        (await account.Root.Get($"{account.RootPath}/mfa-devices")).ShouldBe(HttpStatusCode.OK)["devices"].GetArrayLength().ShouldBe(0);
        (await account.Root.Get($"{account.Path}/users")).ShouldBe(HttpStatusCode.OK)["users"].GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData(12), InlineData(128)]
    public async Task A_password_has_12_to_128_characters_of_any_kind(int length)
    {
        var password = string.Concat(Enumerable.Repeat("\U0001F511", length));
        var reply = await provisioner.Post("/accounts",
            new { accountName = "Keys", email = Scenarios.NewEmail(), phone = Scenarios.NewPhone(), password });
        reply.ShouldBe(HttpStatusCode.Created);
    }

    [Theory, MemberData(nameof(WrongMembers))]
    public async Task A_wrong_member_is_named(string member, object? value)
    {
        var body = new Dictionary<string, object?>
        {
            ["accountName"] = "Example",
            ["email"] = Scenarios.NewEmail(),
            ["phone"] = Scenarios.NewPhone(),
            ["password"] = Scenarios.Password,
            [member] = value,
        };
        (await provisioner.Post("/accounts", body)).ShouldFindFault(member);

        body.Remove(member);
        (await provisioner.Post("/accounts", body)).ShouldFindFault(member);
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once() =>
        (await provisioner.Post("/accounts", new { accountName = "", email = "nobody", phone = "1", extra = 1 }))
        .ShouldFindFault("accountName", "email", "phone", "password");

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task An_address_opens_one_account_in_whatever_case(bool otherCase)
    {
        var email = Scenarios.NewEmail();
        (await provisioner.Post("/accounts", Scenarios.Registration(email))).ShouldBe(HttpStatusCode.Created);

        (await provisioner.Post("/accounts", Scenarios.Registration(otherCase ? email.ToUpperInvariant() : email)))
            .ShouldRefuse(409, "email-taken");
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task Of_twelve_parallel_registrations_with_one_address_one_opens_an_account(bool cases)
    {
        var email = Scenarios.NewEmail();
        var replies = await Scenarios.AtOnce(12, number =>
            provisioner.Post("/accounts", Scenarios.Registration(cases && number % 2 == 0 ? email.ToUpperInvariant() : email)));

        replies.Count(reply => reply.Status == 201).ShouldBe(1);
        foreach (var reply in replies.Where(reply => reply.Status != 201)) reply.ShouldRefuse(409, "email-taken");
    }
}
