using System.Net;

namespace MfaEvents.Server.Tests.Accounts;

public sealed class UsersTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Theory]
    [InlineData("alice"), InlineData("A_+=,.@-9"), InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public async Task A_created_user_is_where_its_Location_says(string userName)
    {
        var account = await api.RegisteredAccount();

        var created = (await account.Root.Post($"{account.Path}/users", new { userName })).ShouldBe(HttpStatusCode.Created);

        created.TextOf("userName").ShouldBe(userName);
        var read = (await account.Root.Get(created.Location!)).ShouldBe(HttpStatusCode.OK).ShouldHave("userName", "createdAt");
        read.TextOf("userName").ShouldBe(userName);
        var listed = (await account.Root.Get($"{account.Path}/users")).ShouldBe(HttpStatusCode.OK)["users"].EnumerateArray().ShouldHaveSingleItem();
        listed.GetRawText().ShouldBe(read.Text);
        (await account.User(userName).Get(created.Location!)).ShouldBe(HttpStatusCode.OK);
        (await account.User(userName).Get($"{account.PrincipalPath("user:" + Uri.EscapeDataString(userName))}/mfa-devices")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("alice"), InlineData("ALICE")]
    public async Task A_name_is_given_once_in_whatever_case(string again)
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");

        (await account.Root.Post($"{account.Path}/users", new { userName = again })).ShouldRefuse(409, "user-exists");
        (await account.VersionOf("account")).ShouldBe(2);
    }

    [Fact]
    public async Task Another_account_may_have_a_user_of_the_same_name()
    {
        await (await api.RegisteredAccount()).CreatedUser("alice");
        await (await api.RegisteredAccount()).CreatedUser("alice");
    }

    [Fact]
    public async Task A_deleted_user_is_gone_and_its_name_is_never_given_again()
    {
        var account = await api.RegisteredAccount();
        var user = await account.CreatedUser("alice");

        (await account.Root.Delete($"{account.Path}/users/alice")).ShouldBe(HttpStatusCode.NoContent).Text.ShouldBeEmpty();

        (await account.Root.Get($"{account.Path}/users/alice")).ShouldRefuse(404, "not-found");
        (await account.Root.Get($"{account.Path}/users"))["users"].GetArrayLength().ShouldBe(0);
        (await account.Root.Delete($"{account.Path}/users/alice")).ShouldRefuse(404, "not-found");
        (await account.Root.Get($"{account.PrincipalPath("user:alice")}/mfa-devices")).ShouldRefuse(404, "not-found");
        (await account.Root.Post($"{account.PrincipalPath("user:alice")}/mfa-devices", new { deviceName = "d", deviceType = "virtual" }))
            .ShouldRefuse(404, "not-found");
        (await user.Post($"{account.PrincipalPath("user:alice")}/mfa-devices", new { deviceName = "d", deviceType = "virtual" }))
            .ShouldRefuse(404, "not-found");
        (await account.Root.Post($"{account.Path}/users", new { userName = "alice" })).ShouldRefuse(409, "user-exists");
        (await account.Root.Post($"{account.Path}/users", new { userName = "Alice" })).ShouldRefuse(409, "user-exists");
    }

    [Fact]
    public async Task A_user_with_a_device_cannot_be_deleted()
    {
        var account = await api.RegisteredAccount();
        var user = await account.CreatedUser("alice");
        var device = await account.AssignedDevice(user, "user:alice");

        (await account.Root.Delete($"{account.Path}/users/alice")).ShouldRefuse(409, "delete-conflict");
        (await account.Root.Get($"{account.Path}/users/alice")).ShouldBe(HttpStatusCode.OK);

        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);
        (await account.Root.Delete($"{account.Path}/users/alice")).ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData(null), InlineData(""), InlineData("a b"), InlineData("a/b"), InlineData("a:b"), InlineData("alice\n"), InlineData("al\u00efce"),
     InlineData("a\0"), InlineData("01234567890123456789012345678901234567890123456789012345678901234")]
    public async Task A_wrong_name_creates_nobody(string? userName)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Post($"{account.Path}/users", new { userName })).ShouldFindFault("userName");
        (await account.VersionOf("account")).ShouldBe(1);
    }

    [Fact]
    public async Task A_password_is_optional_but_never_too_short()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Post($"{account.Path}/users", new { userName = "alice", password = "short" })).ShouldFindFault("password");
        (await account.Root.Post($"{account.Path}/users", new { userName = "alice", password = "" })).ShouldFindFault("password");
        (await account.Root.Post($"{account.Path}/users", new { userName = "alice", password = (string?)null })).ShouldBe(HttpStatusCode.Created);
        (await account.Root.Post($"{account.Path}/users", new { userName = "bob", password = Scenarios.Password })).ShouldBe(HttpStatusCode.Created);
        (await api.RowsAsync("select id from sealed.mt_doc_sealedpassword where tenant_id = $1 order by id", account.Id)).ShouldBe(["root", "user:bob"]);
    }

    [Fact]
    public async Task Users_are_listed_by_name()
    {
        var account = await api.RegisteredAccount();
        foreach (var name in (string[])["carol", "Bob", "alice"]) await account.CreatedUser(name);
        (await account.Root.Get($"{account.Path}/users"))["users"].EnumerateArray().Select(user => user.GetProperty("userName").GetString())
            .ShouldBe(["alice", "Bob", "carol"]);
    }

    [Fact]
    public async Task An_IAM_user_sees_itself_and_manages_nobody()
    {
        var account = await api.RegisteredAccount();
        var alice = await account.CreatedUser("alice");
        await account.CreatedUser("bob");

        (await alice.Get($"{account.Path}/users/alice")).ShouldBe(HttpStatusCode.OK);
        (await alice.Get($"{account.Path}/users/bob")).ShouldRefuse(404, "not-found");
        (await alice.Get($"{account.Path}/users/nobody")).ShouldRefuse(404, "not-found");
        (await alice.Get($"{account.Path}/users")).ShouldRefuse(403, "forbidden");
        (await alice.Post($"{account.Path}/users", new { userName = "carol" })).ShouldRefuse(403, "forbidden");
        (await alice.Delete($"{account.Path}/users/alice")).ShouldRefuse(403, "forbidden");
    }

    [Fact]
    public async Task Of_twelve_parallel_creations_of_one_name_one_succeeds()
    {
        var account = await api.RegisteredAccount();
        var replies = await Scenarios.AtOnce(12, number =>
            account.Root.Post($"{account.Path}/users", new { userName = number % 2 == 0 ? "alice" : "ALICE" }));

        replies.Count(reply => reply.Status == 201).ShouldBe(1);
        foreach (var reply in replies.Where(reply => reply.Status != 201)) reply.ShouldRefuse(409, "user-exists");
        (await account.VersionOf("account")).ShouldBe(2);
    }

    [Fact]
    public async Task Parallel_creations_of_different_names_all_succeed()
    {
        var account = await api.RegisteredAccount();
        var replies = await Scenarios.AtOnce(12, number => account.Root.Post($"{account.Path}/users", new { userName = $"user{number}" }));
        replies.ShouldAllBe(reply => reply.Status == 201);
        (await account.Root.Get($"{account.Path}/users"))["users"].GetArrayLength().ShouldBe(12);
    }

    [Fact]
    public async Task A_user_is_deleted_or_gets_a_device_but_never_both()
    {
        var account = await api.RegisteredAccount();
        for (var round = 0; round < 8; round++)
        {
            var user = $"user{round}";
            await account.CreatedUser(user);
            var replies = await Scenarios.AtOnce(8, number => number % 2 == 0
                ? account.Root.Delete($"{account.Path}/users/{user}")
                : account.Root.Post($"{account.PrincipalPath("user:" + user)}/mfa-devices", new { deviceName = $"d{round}-{number}", deviceType = "virtual" }));

            replies.ShouldAllBe(reply => reply.Status < 500);
            var deleted = replies.Count(reply => reply.Status == 204);
            var assigned = replies.Count(reply => reply.Status == 201);
            if (deleted > 0)
            {
                (deleted, assigned).ShouldBe((1, 0));
                (await account.Root.Get($"{account.Path}/users/{user}")).ShouldRefuse(404, "not-found");
                (await api.PrincipalAsync(account.Id, "user:" + user)).ShouldBeNull();
            }
            else
            {
                assigned.ShouldBe(4);
                (await api.PrincipalAsync(account.Id, "user:" + user)).ShouldNotBeNull().Devices.Length.ShouldBe(4);
            }
        }
    }
}
