using System.Net;

namespace MfaEvents.Server.Tests.Support;

/// <summary>What one agent could do to an owner all day.</summary>
public sealed class DeskLimitsTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task The_owner_is_called_ten_times_a_day_however_many_cases_are_opened_and_closed()
    {
        var account = await api.RegisteredAccount();
        for (var calls = 0; calls < 10; calls += 5)
        {
            var found = await account.OpenedCase(by: $"agent{calls}");
            for (var i = 0; i < 5; i++) (await found.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted);
            (await found.Evidence("callBack")).ShouldRefuse(409, "case-state");
            (await found.Close()).ShouldBe(HttpStatusCode.OK);
        }

        var third = await account.OpenedCase();
        (await third.Evidence("callBack")).ShouldRefuse(429, "too-many-attempts");
        (await third.Evidence("identityDocument")).ShouldBe(HttpStatusCode.Created);
        account.Time.Pass(TimeSpan.FromHours(24));
        (await third.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Ten_cases_a_day_are_opened_about_a_principal()
    {
        var account = await api.RegisteredAccount();
        for (var i = 0; i < 10; i++) (await (await account.OpenedCase()).Close()).ShouldBe(HttpStatusCode.OK);
        (await account.OpenCase(account.Agent())).ShouldRefuse(429, "too-many-attempts");
        var other = await account.CreatedUser();
        await account.OpenedCase(other.Principal!);
        account.Time.Pass(TimeSpan.FromHours(24));
        await account.OpenedCase();
    }

    [Fact]
    public async Task A_case_holds_twenty_pieces_of_evidence()
    {
        var found = await (await api.RegisteredAccount()).OpenedCase();
        for (var i = 0; i < 20; i++) (await found.Evidence("other")).ShouldBe(HttpStatusCode.Created);
        (await found.Evidence("inPerson")).ShouldRefuse(409, "case-state");
    }

    [Fact]
    public async Task Whoever_goes_on_trying_to_decide_their_own_case_floods_nothing()
    {
        var found = await (await api.RegisteredAccount()).OpenedCase().Requested();
        var ann = found.Account.Approver("ann");
        for (var i = 0; i < 6; i++) (await found.Approve(ann)).ShouldRefuse(403, "second-person-required");
        (await api.EventsAsync(found.Account.Id, found.Stream)).Count(e => e.EventTypeName == "second_person_missing").ShouldBe(3);
        (await found.Approve()).ShouldBe(HttpStatusCode.OK);
    }
}
