using System.Collections.Concurrent;
using System.Diagnostics;

namespace MfaEvents.SystemTests;

/// <summary>Views are rebuilt while two nodes work with them.</summary>
public sealed class RebuildTests : IAsyncLifetime
{
    private readonly Service service = new();

    public ValueTask InitializeAsync() => service.InitializeAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task Under_writes_on_two_nodes_every_reader_sees_all_of_it_and_a_poisoned_event_changes_nothing()
    {
        await using var first = await service.StartNodeAsync();
        await using var second = await service.StartNodeAsync();
        var account = await first.RegisterAsync();
        await service.CopyAsync(account, 500);
        var (token, stop) = (await first.TokenAsync("--role", "operator"), false);
        var (written, slowest, reads) = (new ConcurrentDictionary<string, bool>(), TimeSpan.Zero, 0);
        var work = Task.WhenAll(
            WriteAsync(first, "a"), WriteAsync(second, "b"), ReadTrailAsync(first), ReadTrailAsync(second), ReadUsersAsync(first), ReadUsersAsync(second));

        foreach (var (projection, node) in ((string, ServerProcess)[])[("users", first), ("audit", second), ("PrincipalMfa", second), ("audit", first)])
        {
            var rebuild = await node.RebuildEndedAsync(token, await node.AskForRebuildAsync(token, projection));
            rebuild["state"].ShouldBe("succeeded", rebuild.Body!.ToJsonString());
            rebuild.Parity("differences").ShouldBe(0);
            rebuild.Parity("missing").ShouldBe(0);
            Say($"{projection}: {rebuild["eventsDone"]} events, {rebuild["eventsPerSecond"]} a second");
        }

        // Whoever wants it to end is heard by the other node.
        var unwanted = await first.AskForRebuildAsync(token, "users");
        (await second.Api.PostAsync(unwanted + "/cancellation", token, [])).ShouldBe(202);
        (await first.RebuildEndedAsync(token, unwanted))["state"].ShouldBe("cancelled");

        // From a terminal: first it is as it should be, then an event of another account cannot be read.
        (await OpsAsync(second, "users")).Succeeded().ShouldStartWith("Succeeded: ");
        await service.Database.QueryAsync("update mfa.mt_events set data = '[1]' where tenant_id = '000000000007' and type = 'user_created'");
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
        (await service.LeftoversAsync()).ShouldBe("0");
        (await service.Database.QueryAsync("select count(*)::text from wolverine.wolverine_dead_letters")).ShouldBe("0");

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

    private static void Say(string sentence) => TestContext.Current.TestOutputHelper!.WriteLine(sentence);

    private Task<CommandResult> OpsAsync(ServerProcess node, params IEnumerable<string> arguments) => Command.RunAsync(
        Settings.None.With("MfaEvents__DataDirectory", service.Keys.Data).With("MFA_EVENTS", node.Api.Address), Repository.Ops("rebuild"), arguments);
}
