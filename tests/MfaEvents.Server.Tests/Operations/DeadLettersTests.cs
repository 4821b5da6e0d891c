using System.Net;
using MfaEvents.Core.Accounts;
using Npgsql;
using Wolverine;

namespace MfaEvents.Server.Tests.Operations;

[Collection(nameof(OperatedHost))]
public sealed class DeadLettersTests(OperatedHost operated)
{
    private static int drawn = 900;

    [Fact]
    public async Task A_message_that_is_given_up_is_listed_without_its_body_and_replayed_once_its_cause_is_mended()
    {
        var accountId = await AMessageGivenUp();
        var letter = await LetterOf(accountId);
        letter.GetProperty("messageType").GetString()!.ShouldEndWith("OpenAccount");
        letter.GetProperty("exceptionType").GetString()!.ShouldContain("Exception");
        letter.GetProperty("attempts").GetInt32().ShouldBeGreaterThan(0);
        letter.EnumerateObject().Select(member => member.Name).ShouldBe(
            ["id", "messageType", "sentAt", "failedAt", "exceptionType", "exceptionMessage", "attempts", "replaying"]);
        letter.GetRawText().ShouldNotContain(accountId);

        // With the account there, the handler has nothing to do.
        await using (var session = operated.Host.Store.LightweightSession(accountId))
        {
            session.Events.StartStream<Account>(Account.StreamKey, new AccountRegistered(1));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var path = $"/dead-letters/{letter.GetProperty("id").GetString()}/replay";
        (await operated.Operator.Post(path)).ShouldBe(HttpStatusCode.Accepted);
        await Scenarios.Eventually(async () => await RowOf(accountId) is null, "the message is done");
        (await operated.Operator.Post(path)).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task What_an_exception_quotes_is_not_shown()
    {
        var accountId = await AMessageGivenUp();
        await using (var connection = await operated.Host.ConnectAsync())
        {
            await using var quote = new NpgsqlCommand("update wolverine.wolverine_dead_letters set exception_message = $1 where id = $2", connection);
            quote.Parameters.Add(new NpgsqlParameter
            {
                Value = $"Key (id)=(alice) of {accountId} at 198.51.100.4: owner@example.com, '+14155550100', \"very-own-phone\", user:alice, code 123456",
            });
            quote.Parameters.Add(new NpgsqlParameter { Value = Guid.Parse((await RowOf(accountId))!) });
            (await quote.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        }

        var shown = (await LetterOf(accountId)).GetProperty("exceptionMessage").GetString()!;
        shown.ShouldStartWith("Key (***)=(***) of ***");
        foreach (var word in (string[])["alice", accountId, "198.51", "example.com", "4155550100", "very-own-phone", "123456"]) shown.ShouldNotContain(word);
    }

    [Fact]
    public async Task They_come_in_pages()
    {
        for (var number = 0; number < 3; number++) await AMessageGivenUp();
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await operated.Operator.Get($"/dead-letters?limit=2{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}")).ShouldBe(HttpStatusCode.OK);
            page["items"].GetArrayLength().ShouldBeInRange(1, 2);
            seen.AddRange(page["items"].EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page["nextCursor"].GetString();
        }
        while (cursor is not null);

        seen.ShouldBeUnique();
        seen.ShouldBe(await operated.Host.RowsAsync("select id from wolverine.wolverine_dead_letters"), ignoreOrder: true);
    }

    [Theory]
    [InlineData("limit=0", "limit"), InlineData("limit=501", "limit"), InlineData("cursor=abc", "cursor"), InlineData("limit=3&cursor=cGFnZToyOjI=", "cursor")]
    public async Task A_wrong_page_is_refused(string query, string member) =>
        (await operated.Operator.Get("/dead-letters?" + query)).ShouldFindFault(member);

    [Theory]
    [InlineData("0194c2c8-7d5c-7000-8000-000000000000"), InlineData("nonsense")]
    public async Task One_that_is_not_there_is_404(string id) =>
        (await operated.Operator.Post($"/dead-letters/{id}/replay")).ShouldRefuse(404, "not-found");

    /// <summary>A registration left a message that nobody can open.</summary>
    private async Task<string> AMessageGivenUp()
    {
        var accountId = $"777000000{Interlocked.Increment(ref drawn)}";
        await using var scope = operated.Host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(
            new Server.Accounts.OpenAccount(accountId, "not sealed at all"), new DeliveryOptions { TenantId = accountId });
        await Scenarios.Eventually(async () => await RowOf(accountId) is not null, "the message is given up");
        return accountId;
    }

    private async Task<string?> RowOf(string accountId) => (await operated.Host.RowsAsync(
        "select id from wolverine.wolverine_dead_letters where position($1 in encode(body, 'escape')) > 0", accountId)).SingleOrDefault();

    private async Task<System.Text.Json.JsonElement> LetterOf(string accountId)
    {
        var id = await RowOf(accountId);
        return (await operated.Operator.Get("/dead-letters?limit=500"))["items"].EnumerateArray().Single(item => item.GetProperty("id").GetString() == id);
    }
}
