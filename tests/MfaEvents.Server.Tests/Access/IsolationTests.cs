namespace MfaEvents.Server.Tests.Access;

/// <summary>What the caller may not see is not there, whether it exists or not.</summary>
public sealed class IsolationTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    public static TheoryData<string, string> BelowThePrincipal => new()
    {
        { "PUT", "/password" }, { "POST", "/mfa-devices" }, { "GET", "/mfa-devices" }, { "GET", "/mfa-devices/{device}" },
        { "POST", "/mfa-devices/{device}/codes" }, { "POST", "/mfa-devices/{device}/resync" }, { "POST", "/mfa-devices/{device}/verifications" },
        { "PATCH", "/mfa-devices/{device}" }, { "DELETE", "/mfa-devices/{device}" }, { "GET", "/history" },
    };

    public static TheoryData<string, string> BelowTheAccount => new()
    {
        { "GET", "" }, { "GET", "/contact" }, { "PUT", "/contact" }, { "POST", "/users" }, { "GET", "/users" }, { "GET", "/users/alice" },
        { "DELETE", "/users/alice" }, { "GET", "/audit" },
    };

    [Theory, MemberData(nameof(BelowThePrincipal))]
    public async Task An_account_is_invisible_to_the_root_user_of_another(string verb, string path)
    {
        var (theirs, mine) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var device = await theirs.AssignedDevice();
        await IsNotThere(mine.Root, verb, theirs.RootPath + path, device.Id);

        // Not even by a device id of another account below the own principal.
        if (path.Contains("{device}", StringComparison.Ordinal)) await IsNotThere(mine.Root, verb, mine.RootPath + path, device.Id);
        (await theirs.VersionOf("root")).ShouldBe(2);
    }

    [Theory, MemberData(nameof(BelowTheAccount))]
    public async Task Nothing_of_an_account_is_visible_to_the_root_user_of_another(string verb, string path)
    {
        var (theirs, mine) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        await theirs.CreatedUser("alice");
        await IsNotThere(mine.Root, verb, theirs.Path + path, Guid.Empty);
        (await theirs.VersionOf("account")).ShouldBe(2);
    }

    [Theory, MemberData(nameof(BelowThePrincipal))]
    public async Task Other_principals_are_invisible_to_an_IAM_user(string verb, string path)
    {
        var account = await api.RegisteredAccount();
        var alice = await account.CreatedUser("alice");
        var bob = await account.CreatedUser("bob");
        var roots = await account.AssignedDevice();
        var bobs = await account.AssignedDevice(bob, "user:bob");

        await IsNotThere(alice, verb, account.RootPath + path, roots.Id);
        await IsNotThere(alice, verb, account.PrincipalPath("user:bob") + path, bobs.Id);
        await IsNotThere(alice, verb, account.PrincipalPath("user:nobody") + path, bobs.Id);
        if (path.Contains("{device}", StringComparison.Ordinal)) await IsNotThere(alice, verb, account.PrincipalPath("user:alice") + path, bobs.Id);
    }

    [Theory, MemberData(nameof(BelowThePrincipal))]
    public async Task What_does_not_exist_is_not_found_whoever_asks(string verb, string path)
    {
        var account = await api.RegisteredAccount();
        await IsNotThere(account.Root, verb, account.PrincipalPath("user:nobody") + path, Guid.NewGuid());
        if (path.Contains("{device}", StringComparison.Ordinal)) await IsNotThere(account.Root, verb, account.RootPath + path, Guid.NewGuid());

        // A token may outlive its account, or name one that never was.
        var nobody = account with { Id = "100000000001" };
        await IsNotThere(nobody.Root, verb, nobody.RootPath + path, Guid.NewGuid());
    }

    [Theory, MemberData(nameof(BelowTheAccount))]
    public async Task An_account_that_does_not_exist_is_not_found(string verb, string path)
    {
        var account = (await api.RegisteredAccount()) with { Id = "100000000002" };
        await IsNotThere(account.Root, verb, account.Path + path, Guid.Empty);
        if (verb == "GET" && path == "/audit") await IsNotThere(api.A("auditor"), verb, account.Path + path, Guid.Empty);
    }

    [Theory]
    [InlineData("12345678901"), InlineData("1234567890123"), InlineData("12345678901a"), InlineData("\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660\u0661\u0662"),
     InlineData("account"), InlineData("..%2f100000000000"), InlineData("*DEFAULT*")]
    public async Task What_cannot_be_an_account_is_not_found(string id)
    {
        (await api.A("auditor").Get($"/accounts/{id}")).ShouldRefuse(404, "not-found");
        (await api.A("auditor").Get($"/accounts/{id}/audit")).ShouldRefuse(404, "not-found");
        (await api.A("auditor").Get($"/accounts/{id}/principals/root/mfa-devices")).ShouldRefuse(404, "not-found");
    }

    [Theory]
    [InlineData("Root"), InlineData("user:"), InlineData("user"), InlineData("account"), InlineData("user:a%2fb"), InlineData("user:a%0a"),
     InlineData("recovery:x"), InlineData("user:01234567890123456789012345678901234567890123456789012345678901234")]
    public async Task What_cannot_be_a_principal_is_not_found(string principal)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Get(account.PrincipalPath(principal) + "/mfa-devices")).ShouldRefuse(404, "not-found");
        (await account.Root.Get(account.PrincipalPath(principal) + "/history")).ShouldRefuse(404, "not-found");
        (await account.Root.Post(account.PrincipalPath(principal) + "/mfa-devices", new { deviceName = "d", deviceType = "virtual" })).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task A_principal_may_be_written_with_an_escaped_colon()
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");
        (await account.Root.Get(account.PrincipalPath("user%3Aalice") + "/mfa-devices")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Two_accounts_that_do_the_same_do_not_mix()
    {
        var (one, other) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var (mine, theirs) = (await one.AssignedDevice("phone").Activated(), await other.AssignedDevice("phone").Activated());
        (await one.Root.Delete(mine.Path)).Status.ShouldBe(204);
        (await theirs.Verify(theirs.Code())).Status.ShouldBe(200);
        (await other.Root.Get(other.RootPath + "/mfa-devices"))["devices"].GetArrayLength().ShouldBe(1);
    }

    private static async Task IsNotThere(Person person, string verb, string path, Guid device) =>
        (await person.Send(new HttpMethod(verb), path.Replace("{device}", device.ToString(), StringComparison.Ordinal))).ShouldRefuse(404, "not-found");
}
