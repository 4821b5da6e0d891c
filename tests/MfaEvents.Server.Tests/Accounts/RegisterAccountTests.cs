using System.Net;

namespace MfaEvents.Server.Tests.Accounts;

public sealed class RegisterAccountTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_registered_account_is_where_its_Location_says()
    {
        var reply = await api.A("provisioner").Post("/accounts", Scenarios.Registration());

        reply.ShouldBe(HttpStatusCode.Created).ShouldHave("accountId");
        reply.TextOf("accountId").ShouldMatch("^[0-9]{12}$");
        reply.Location.ShouldBe($"/accounts/{reply.TextOf("accountId")}");
        (await api.A("provisioner").Get(reply.Location!)).ShouldBe(HttpStatusCode.OK).TextOf("accountId").ShouldBe(reply.TextOf("accountId"));
    }
}
