using MfaEvents.Core.Devices;

namespace MfaEvents.Server.Tests.Access;

/// <summary>The roles table of the contract.</summary>
public sealed class RolesTests(TestRun run)
{
    private static readonly string[] Roles =
        ["owner", "service", "support-agent", "support-approver", "auditor", "operator", "provisioner"];

    private readonly MfaHost api = run.Host;

    public static TheoryData<string, string, string> Endpoints => new()
    {
        { "POST", "/accounts", "provisioner" },
        { "GET", "/contact", "owner" },
        { "PUT", "/contact", "owner" },
        { "POST", "/users", "owner" },
        { "GET", "/users", "owner" },
        { "GET", "/users/alice", "owner" },
        { "DELETE", "/users/alice", "owner" },
        { "PUT", "/principals/root/password", "owner" },
        { "POST", "/principals/root/mfa-devices", "owner" },
        { "GET", "/principals/root/mfa-devices", "owner service support-agent support-approver auditor" },
        { "GET", "/principals/root/mfa-devices/{device}", "owner service support-agent support-approver auditor" },
        { "POST", "/principals/root/mfa-devices/{device}/codes", "owner" },
        { "POST", "/principals/root/mfa-devices/{device}/resync", "owner" },
        { "POST", "/principals/root/mfa-devices/{device}/verifications", "owner service" },
        { "PATCH", "/principals/root/mfa-devices/{device}", "owner" },
        { "DELETE", "/principals/root/mfa-devices/{device}", "owner" },
        { "GET", "/principals/root/history", "owner support-agent support-approver auditor" },
        { "GET", "/audit", "owner auditor" },
        { "POST", "/principals/root/cases", "support-agent" },
    };

    [Theory, MemberData(nameof(Endpoints))]
    public async Task An_endpoint_serves_the_roles_of_the_contract_and_no_other(string verb, string path, string serves)
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");
        var device = await account.AssignedDevice();
        var address = path == "/accounts" ? path : account.Path + path.Replace("{device}", device.Id.ToString(), StringComparison.Ordinal);

        foreach (var role in Roles.Except(serves.Split(' ')))
        {
            var stranger = role == "owner" ? account.Root : account.A(role);
            (await stranger.Send(new HttpMethod(verb), address)).ShouldRefuse(403, "forbidden");
        }

        (await account.VersionOf("root")).ShouldBe(2);
        foreach (var role in serves.Split(' '))
        {
            var served = role == "owner" ? account.Root : account.A(role);
            var reply = await served.Send(new HttpMethod(verb), address);
            reply.Status.ShouldBeOneOf(200, 204, 400);
        }
    }

    [Theory]
    [InlineData("support-agent"), InlineData("support-approver"), InlineData("auditor")]
    public async Task Desk_roles_without_an_account_see_all_of_them(string role)
    {
        var (one, other) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var desk = api.A(role);
        (await desk.Get(one.RootPath + "/history")).Status.ShouldBe(200);
        (await desk.Get(other.RootPath + "/mfa-devices")).Status.ShouldBe(200);
        (await desk.Get("/accounts/100000000000/principals/root/history")).ShouldRefuse(404, "not-found");
    }

    [Theory]
    [InlineData("GET", "/dead-letters"), InlineData("POST", "/dead-letters/{id}/replay"), InlineData("POST", "/projections/audit/resumption")]
    [InlineData("POST", "/keys/rotations"), InlineData("GET", "/keys/rotations/{id}")]
    public async Task An_operator_of_some_accounts_decides_nothing_about_all_of_them(string verb, string path)
    {
        var account = await api.RegisteredAccount();
        var address = path.Replace("{id}", Guid.NewGuid().ToString(), StringComparison.Ordinal);
        (await account.A("operator").Send(new HttpMethod(verb), address)).ShouldRefuse(403, "forbidden");
    }

    [Theory]
    [InlineData("service", "mfa-devices"), InlineData("support-agent", "history"), InlineData("support-approver", "mfa-devices"), InlineData("auditor", "history")]
    public async Task A_token_with_accounts_sees_those_alone(string role, string what)
    {
        var (one, two, other) = (await api.RegisteredAccount(), await api.RegisteredAccount(), await api.RegisteredAccount());
        var caller = one.A(role) with { Accounts = [one.Id, two.Id] };
        (await caller.Get($"{one.RootPath}/{what}")).Status.ShouldBe(200);
        (await caller.Get($"{two.RootPath}/{what}")).Status.ShouldBe(200);
        (await caller.Get($"{other.RootPath}/{what}")).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task A_service_without_accounts_sees_none()
    {
        var account = await api.RegisteredAccount();
        (await api.A("service").Get(account.RootPath + "/mfa-devices")).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task A_service_verifies_codes_of_its_accounts_without_a_fresh_sign_in()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var service = account.A("service") with { SignedInAgo = TimeSpan.FromHours(3), Methods = [] };

        (await device.Verify(device.Code(), service)).Status.ShouldBe(200);
        (await device.Verify(device.Code(), service)).ShouldRefuse(403, "invalid-authentication-code");
        (await api.EventsAsync(account.Id, "root")).Count(e => e.Data is CodeAccepted && e.UserName == "service").ShouldBe(1);
    }

    [Fact]
    public async Task A_role_that_nobody_knows_is_no_role()
    {
        var account = await api.RegisteredAccount();
        (await account.A("administrator").Get(account.Path)).ShouldRefuse(403, "forbidden");
        (await account.A("Owner").Get(account.Path)).ShouldRefuse(403, "forbidden");
    }

    [Fact]
    public async Task One_person_may_have_several_roles()
    {
        var account = await api.RegisteredAccount();
        var person = account.A("auditor") with { Roles = ["operator", "auditor"] };
        (await person.Get(account.Path + "/audit")).Status.ShouldBe(200);
    }
}
