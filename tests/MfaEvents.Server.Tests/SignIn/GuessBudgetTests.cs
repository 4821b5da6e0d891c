using System.Net;

namespace MfaEvents.Server.Tests.SignIn;

public sealed class GuessBudgetTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Theory]
    [InlineData("auditor")]
    [InlineData("operator")]
    public async Task Auditors_and_operators_are_told_the_odds(string role)
    {
        var budget = (await api.A(role).Get("/guess-budget")).ShouldBe(HttpStatusCode.OK)
            .ShouldHave("perAttempt", "ownerAway", "ownerSigningIn", "settings");
        budget["perAttempt"].GetProperty("code").GetDouble().ShouldBe(3e-6);
        budget["ownerAway"].GetProperty("device").GetProperty("year").GetProperty("attempts").GetInt64().ShouldBe(100);
        budget["settings"].GetProperty("suspendAt").GetInt32().ShouldBe(100);
    }

    [Theory]
    [InlineData("owner")]
    [InlineData("service")]
    [InlineData("support-agent")]
    public async Task Nobody_else_is(string role)
    {
        var account = await api.RegisteredAccount();
        var somebody = role == "owner" ? account.Root : account.A(role);
        (await somebody.Get("/guess-budget")).ShouldRefuse(403, "forbidden");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2881")]
    [InlineData("x")]
    public async Task More_successes_than_steps_are_refused(string count) =>
        (await api.A("auditor").Get($"/guess-budget?successesPerDay={count}")).ShouldFindFault("successesPerDay");
}
