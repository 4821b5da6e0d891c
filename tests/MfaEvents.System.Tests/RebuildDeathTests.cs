using System.Diagnostics;

namespace MfaEvents.SystemTests;

/// <summary>The node that rebuilds a view dies (SIGKILL): another one goes on, and has all back.</summary>
public sealed class RebuildDeathTests : IAsyncLifetime
{
    private const string Trail =
        "select md5(string_agg(item::text, ' ' order by account_id, index)) from mfa.audit_item item where account_id < '000000010000'";
    private const string Users =
        "select md5(string_agg(concat_ws(' ', tenant_id, id, data), ' ' order by tenant_id, id)) from mfa.mt_doc_iamuser";

    private readonly Service service = new();

    public ValueTask InitializeAsync() => service.InitializeAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Theory]
    [InlineData("audit"), InlineData("users")]
    public async Task A_rebuild_outlives_the_nodes_that_do_it_and_has_all_back(string projection)
    {
        // So many that a rebuild lasts for about as long as the last node lives.
        var (rows, loss, copies) = projection == "audit"
            ? (Trail, "delete from mfa.audit_item where account_id like '0%3'", 1_500)
            : (Users, "delete from mfa.mt_doc_iamuser where tenant_id like '0%3'", 1_000);
        await using var other = await service.StartNodeAsync();
        var account = await other.RegisterAsync();
        await service.CopyAsync(account, copies);
        var token = await other.TokenAsync("--role", "operator");
        var (before, outcomes) = (await service.Database.QueryAsync(rows), new List<string>());
        foreach (var milliseconds in (int[])[0, 200, 500, 1_000, 1_800])
        {
            await using var killed = await service.StartNodeAsync();
            await service.Database.QueryAsync(loss);
            (await service.Database.QueryAsync(rows)).ShouldNotBe(before);
            var asked = await killed.AskForRebuildAsync(token, projection);
            await Task.Delay(milliseconds, TestContext.Current.CancellationToken);
            await killed.KillAsync();

            var there = (await other.Api.GetAsync(asked, token)).ShouldBe(200);
            var watch = Stopwatch.StartNew();
            var rebuild = await other.RebuildEndedAsync(token, asked);
            outcomes.Add(there["state"]!);
            Say($"killed after {milliseconds} ms ({there["state"]}, {there["eventsDone"]} of {there["eventsTotal"]}), ended {watch.Elapsed.TotalSeconds:F1} s later: {rebuild["outcome"]}");
            rebuild["state"].ShouldBe("succeeded", rebuild.Body!.ToJsonString());
            rebuild.Parity("differences").ShouldBe(0);
            rebuild.Parity("missing").ShouldBeGreaterThan(0);
            (await service.Database.QueryAsync(rows)).ShouldBe(before);
            (await service.LeftoversAsync()).ShouldBe("0");
        }

        outcomes.ShouldContain("running");
        await account.On(other).CreateUserAsync("later");
        await account.On(other).AuditTrailIsCompleteAsync();
        (await service.Database.QueryAsync("select count(*)::text from wolverine.wolverine_dead_letters")).ShouldBe("0");
    }

    private static void Say(string sentence) => TestContext.Current.TestOutputHelper!.WriteLine(sentence);
}
