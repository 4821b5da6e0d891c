using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;

namespace MfaEvents.SystemTests;

/// <summary>Views are rebuilt while two nodes work with them, and while the node that rebuilds dies (SIGKILL).</summary>
public sealed class RebuildTests : IAsyncLifetime
{
    /// <summary>What belongs to no test account: copies of one, under accounts of their own that nobody works on.</summary>
    private const int Copies = 1_500;

    private const string Trail =
        "select md5(string_agg(item::text, ' ' order by account_id, index)) from mfa.audit_item item where account_id < '000000010000'";
    private const string Users =
        "select md5(string_agg(concat_ws(' ', tenant_id, id, data), ' ' order by tenant_id, id)) from mfa.mt_doc_iamuser";

    private readonly OtherDatabase database = new();
    private readonly TestFolder keys = new();

    public ValueTask InitializeAsync() => database.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        keys.Dispose();
    }

    [Fact]
    public async Task Under_writes_on_two_nodes_every_reader_sees_all_of_it_and_a_poisoned_event_changes_nothing()
    {
        await using var first = await ServerProcess.StartAsync(keys.Data, database.Settings);
        await using var second = await ServerProcess.StartAsync(keys.Data, database.Settings);
        var account = await first.RegisterAsync();
        await CopyAsync(account);
        var (token, stop) = (await first.TokenAsync("--role", "operator"), false);
        var (written, slowest, reads) = (new ConcurrentDictionary<string, bool>(), TimeSpan.Zero, 0);
        var work = Task.WhenAll(
            WriteAsync(first, "a"), WriteAsync(second, "b"), ReadTrailAsync(first), ReadTrailAsync(second), ReadUsersAsync(first), ReadUsersAsync(second));

        foreach (var (projection, node) in ((string, ServerProcess)[])[("users", first), ("audit", second), ("PrincipalMfa", second), ("audit", first)])
        {
            var rebuild = await EndedAsync(node, token, await AskAsync(node, token, projection));
            rebuild["state"].ShouldBe("succeeded", rebuild.Body!.ToJsonString());
            Parity(rebuild, "differences").ShouldBe(0);
            Parity(rebuild, "missing").ShouldBe(0);
            Say($"{projection}: {rebuild["eventsDone"]} events, {rebuild["eventsPerSecond"]} a second");
        }

        // Whoever wants it to end is heard by the other node.
        var unwanted = await AskAsync(first, token, "users");
        (await second.Api.PostAsync(unwanted + "/cancellation", token, [])).ShouldBe(202);
        (await EndedAsync(first, token, unwanted))["state"].ShouldBe("cancelled");

        // From a terminal: first it is as it should be, then an event of another account cannot be read.
        (await OpsAsync(second, "users")).Succeeded().ShouldStartWith("Succeeded: ");
        await QueryAsync("update mfa.mt_events set data = '[1]' where tenant_id = '000000000007' and type = 'user_created'");
        foreach (var projection in (string[])["users", "audit"])
        {
            var poisoned = await OpsAsync(second, projection);
            poisoned.ExitCode.ShouldBe(1, poisoned.ToString());
            poisoned.Output.ShouldStartWith("Failed: ");
        }

        Volatile.Write(ref stop, true);
        await work;
        Say($"{written.Count} writes, the slowest in {slowest.TotalMilliseconds:F0} ms; {reads} reads");
        reads.ShouldBeGreaterThan(20);
        await account.AuditTrailIsCompleteAsync();
        var verification = await account.Api.PostAsync($"{account.Path}/audit/verification", account.Token, []);
        verification.ShouldBe(200)["intact"].ShouldBe("true");
        (await LeftoversAsync()).ShouldBe("0");
        (await QueryAsync("select count(*)::text from wolverine.wolverine_dead_letters")).ShouldBe("0");

        async Task WriteAsync(ServerProcess node, string prefix)
        {
            for (var number = 0; !Volatile.Read(ref stop); number++)
            {
                var watch = Stopwatch.StartNew();

                // Done, every one of them: a command that waits for a lock as long as lock_timeout says is refused.
                await account.On(node).CreateUserAsync($"{prefix}{number}");
                if (watch.Elapsed > slowest) slowest = watch.Elapsed;
                written[$"{prefix}{number}"] = true;
            }
        }

        async Task ReadTrailAsync(ServerProcess node)
        {
            for (var most = -1L; !Volatile.Read(ref stop); Interlocked.Increment(ref reads))
            {
                var page = (await node.Api.GetAsync($"{account.Path}/audit?limit=500", account.Token)).ShouldBe(200).Body!["items"]!.AsArray();
                var indexes = page.Select(item => item!["index"]!.GetValue<long>()).ToArray();
                indexes[0].ShouldBeGreaterThanOrEqualTo(most);
                most = indexes[0];
                indexes.ShouldBe(Enumerable.Range(0, (int)Math.Min(most + 1, 500)).Select(i => most - i));
            }
        }

        async Task ReadUsersAsync(ServerProcess node)
        {
            for (; !Volatile.Read(ref stop); Interlocked.Increment(ref reads))
            {
                var before = written.Keys.ToArray();
                var listed = (await node.Api.GetAsync($"{account.Path}/users", account.Token)).ShouldBe(200).Body!["users"]!.AsArray();
                before.Except(listed.Select(user => user!["userName"]!.ToString())).ShouldBeEmpty();
            }
        }
    }

    [Theory]
    [InlineData("audit"), InlineData("users")]
    public async Task A_rebuild_outlives_the_nodes_that_do_it_and_has_all_back(string projection)
    {
        var (rows, loss) = projection == "audit"
            ? (Trail, "delete from mfa.audit_item where account_id like '0%3'")
            : (Users, "delete from mfa.mt_doc_iamuser where tenant_id like '0%3'");
        await using var other = await ServerProcess.StartAsync(keys.Data, database.Settings);
        var account = await other.RegisterAsync();
        await CopyAsync(account);
        var token = await other.TokenAsync("--role", "operator");
        var (before, outcomes) = (await QueryAsync(rows), new List<string>());
        foreach (var milliseconds in (int[])[0, 200, 500, 1_000, 1_800])
        {
            await using var killed = await ServerProcess.StartAsync(keys.Data, database.Settings);
            await QueryAsync(loss);
            (await QueryAsync(rows)).ShouldNotBe(before);
            var asked = await AskAsync(killed, token, projection);
            await Task.Delay(milliseconds, Cancellation);
            await killed.KillAsync();

            var there = (await other.Api.GetAsync(asked, token)).ShouldBe(200);
            var watch = Stopwatch.StartNew();
            var rebuild = await EndedAsync(other, token, asked);
            outcomes.Add(there["state"]!);
            Say($"killed after {milliseconds} ms ({there["state"]}, {there["eventsDone"]} of {there["eventsTotal"]}), ended {watch.Elapsed.TotalSeconds:F1} s later: {rebuild["outcome"]}");
            rebuild["state"].ShouldBe("succeeded", rebuild.Body!.ToJsonString());
            Parity(rebuild, "differences").ShouldBe(0);
            Parity(rebuild, "missing").ShouldBeGreaterThan(0);
            (await QueryAsync(rows)).ShouldBe(before);
            (await LeftoversAsync()).ShouldBe("0");
        }

        outcomes.ShouldContain("running");
        await account.On(other).CreateUserAsync("later");
        await account.On(other).AuditTrailIsCompleteAsync();
        (await QueryAsync("select count(*)::text from wolverine.wolverine_dead_letters")).ShouldBe("0");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static void Say(string sentence) => TestContext.Current.TestOutputHelper!.WriteLine(sentence);

    private static long Parity(Reply rebuild, string member) => rebuild.Body!["parity"]![member]!.GetValue<long>();

    private static async Task<string> AskAsync(ServerProcess node, string token, string projection) =>
        (await node.Api.PostAsync($"/projections/{projection}/rebuilds", token, [])).ShouldBe(202).Location!;

    private static async Task<Reply> EndedAsync(ServerProcess node, string token, string location)
    {
        Reply? rebuild = null;
        await Eventually.Holds("the rebuild ends", TimeSpan.FromMinutes(4), async () =>
            (rebuild = (await node.Api.GetAsync(location, token)).ShouldBe(200))["finishedAt"] is not null);
        return rebuild!;
    }

    private Task<CommandResult> OpsAsync(ServerProcess node, params IEnumerable<string> arguments) => Command.RunAsync(
        Settings.None.With("MfaEvents__DataDirectory", keys.Data).With("MFA_EVENTS", node.Api.Address), Repository.Ops("rebuild"), arguments);

    // An account with a few users, again and again, as if others had done the same; its snapshots and users come with it.
    private async Task CopyAsync(TestAccount account)
    {
        for (var number = 0; number < 20; number++) await account.CreateUserAsync($"copied{number}");
        foreach (var table in (string[])["mt_streams", "mt_doc_principalmfa", "mt_doc_account", "mt_doc_iamuser"])
            await QueryAsync(
                $"""
                insert into mfa.{table} select (jsonb_populate_record(one, jsonb_build_object('tenant_id', lpad(copy::text, 12, '0')))).*
                from mfa.{table} one, generate_series(1, {Copies}) copy where tenant_id = '{account.Id}'
                """);
        await QueryAsync(
            $"""
            insert into mfa.mt_events
            select (jsonb_populate_record(one, jsonb_build_object(
                'tenant_id', lpad(copy::text, 12, '0'), 'id', gen_random_uuid(), 'seq_id', nextval('mfa.mt_events_sequence')))).*
            from (
                select one, copy from mfa.mt_events one, generate_series(1, {Copies}) copy where tenant_id = '{account.Id}' order by copy, one.seq_id
            ) ordered
            """);
        await Eventually.Holds("the trail has the copies", TimeSpan.FromMinutes(3), async () =>
            await QueryAsync("select (max(last_seq_id) >= (select max(seq_id) from mfa.mt_events))::text from mfa.mt_event_progression where name like 'audit:%'") == "true");
    }

    private Task<string> LeftoversAsync() =>
        QueryAsync("select count(*)::text from pg_tables where schemaname = 'mfa' and tablename ~ '_r[0-9a-f]{12}$'");

    private async Task<string> QueryAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        return (await command.ExecuteScalarAsync(Cancellation))?.ToString() ?? "";
    }
}
