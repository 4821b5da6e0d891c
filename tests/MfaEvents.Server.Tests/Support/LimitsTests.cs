using System.Net;
using MfaEvents.Core.Support;

namespace MfaEvents.Server.Tests.Support;

/// <summary>What the desk may do to somebody whom it does not talk with.</summary>
public sealed class LimitsTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_phone_rings_ten_times_a_day_whoever_opens_and_closes_cases_for_it()
    {
        var account = await api.RegisteredAccount();
        for (var number = 0; number < 2; number++)
        {
            var agent = $"agent-{number}";
            var found = await account.OpenedCase(by: agent);
            for (var call = 0; call < 5; call++) (await found.Evidence("callBack", account.Agent(agent))).ShouldBe(HttpStatusCode.Accepted);
            (await found.Evidence("callBack", account.Agent(agent))).ShouldRefuse(409, "case-state");
            (await found.Close(account.Agent(agent))).ShouldBe(HttpStatusCode.OK);
            account.Time.Pass(TimeSpan.FromHours(1));
        }

        var third = await account.OpenedCase();
        var refused = (await third.Evidence("callBack")).ShouldRefuse(429, "too-many-attempts");
        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(22 * 3600 - 60, 22 * 3600);
        (await third.Evidence("inPerson")).ShouldBe(HttpStatusCode.Created);
        (await account.OpenedCase((await account.CreatedUser()).Principal!)).ShouldNotBeNull();

        account.Time.Pass(TimeSpan.FromSeconds(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds + 1));
        (await third.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Of_many_agents_who_call_at_once_none_passes_the_limit_of_the_day()
    {
        var account = await api.RegisteredAccount();
        var first = await account.OpenedCase();
        for (var call = 0; call < 5; call++) (await first.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted);
        (await first.Close()).ShouldBe(HttpStatusCode.OK);
        var second = await account.OpenedCase();
        for (var call = 0; call < 3; call++) (await second.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted);
        (await second.Close()).ShouldBe(HttpStatusCode.OK);

        var third = await account.OpenedCase();
        var replies = await Scenarios.AtOnce(5, number => third.Evidence("callBack", account.Agent($"agent-{number}")));

        replies.Count(reply => reply.Status == 202).ShouldBe(2);
        replies.Where(reply => reply.Status != 202).ShouldAllBe(reply => reply.Status == 429 && reply.Slug == "too-many-attempts");
        (await api.EventsAsync(account.Id, third.Stream)).Count(e => e.Data is CallBackPlaced).ShouldBe(2);
    }

    [Fact]
    public async Task Ten_cases_a_day_are_opened_about_one_principal()
    {
        var account = await api.RegisteredAccount();
        for (var number = 0; number < 10; number++) (await (await account.OpenedCase()).Close()).ShouldBe(HttpStatusCode.OK);
        var refused = (await account.OpenCase(account.Agent("eve"))).ShouldRefuse(429, "too-many-attempts");
        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(24 * 3600 - 60, 24 * 3600);
        account.Time.Pass(TimeSpan.FromHours(24));
        await account.OpenedCase();
    }

    [Fact]
    public async Task A_case_holds_twenty_pieces_of_evidence()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase();
        for (var piece = 0; piece < 20; piece++) (await found.Evidence("other")).ShouldBe(HttpStatusCode.Created);
        (await found.Evidence("inPerson")).ShouldRefuse(409, "case-state");
    }

    [Theory]
    [InlineData("T\n1"), InlineData("T\u202E1"), InlineData("T\u200B1"), InlineData(" "), InlineData("")]
    public async Task A_reference_controls_nothing_in_the_queue(string reference)
    {
        var account = await api.RegisteredAccount();
        (await account.Agent().Post($"{account.RootPath}/cases", new { reason = Desk.Note, reference })).ShouldFindFault("reference");
    }

    [Fact]
    public async Task A_reference_has_at_most_128_characters_which_the_API_description_says()
    {
        var account = await api.RegisteredAccount();
        (await account.Agent().Post($"{account.RootPath}/cases", new { reason = Desk.Note, reference = new string('T', 129) })).ShouldFindFault("reference");
        (await account.Agent().Post($"{account.RootPath}/cases", new { reason = Desk.Note, reference = new string('Ü', 128) })).ShouldBe(HttpStatusCode.Created);
        var described = (await api.Nobody().Get("/openapi/v1.json"))["components"].GetProperty("schemas").GetProperty("OpenCase").GetProperty("properties").GetProperty("reference");
        described.GetProperty("description").GetString().ShouldBe("reference must be 1 to 128 characters, not all blank and without control or invisible characters.");
    }
}
