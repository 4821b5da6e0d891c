using System.Net.Http.Headers;
using System.Text;

namespace MfaEvents.SystemTests;

/// <summary>The audit log as programs see it that nobody here wrote, and <c>ops/verify</c> without a server and a database.</summary>
public sealed class LogProofTests(RunningServer server) : IClassFixture<RunningServer>
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Go_verifies_the_checkpoint_an_entry_and_that_the_older_log_begins_the_newer_one()
    {
        var account = await AccountAsync();
        var folder = Directory.CreateDirectory(server.Folder["go"]).FullName;
        var leaves = (await TextAsync(account, "audit/export?format=log")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        leaves.Length.ShouldBeGreaterThan(20);
        await WriteAsync("key", await TextAsync(account, null, "/.well-known/checkpoint-key"));
        await WriteAsync("older", await TextAsync(account, "audit/checkpoint?size=7"));
        await WriteAsync("newer", await TextAsync(account, $"audit/checkpoint?size={leaves.Length}"));
        await WriteAsync("leaf", leaves[11]);
        await WriteAsync("inclusion.json", await TextAsync(account, $"audit/proofs/inclusion?index=11&size={leaves.Length}"));
        await WriteAsync("consistency.json", await TextAsync(account, $"audit/proofs/consistency?from=7&to={leaves.Length}"));
        (await GoAsync()).Succeeded().ShouldBe("ok\n");

        await WriteAsync("leaf", leaves[12]);
        (await GoAsync()).Output.ShouldBe("the leaf has another hash\n");
        await WriteAsync("leaf", leaves[11]);
        await WriteAsync("older", await TextAsync(account, "audit/checkpoint?size=8"));
        (await GoAsync()).ExitCode.ShouldBe(1);

        Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(folder, name), text, Stop);

        Task<CommandResult> GoAsync() => Command.RunAsync(
            Settings.None.With("GO111MODULE", "off").With("GOPATH", "/usr/share/gocode").With("GOCACHE", server.Folder["gocache"]),
            "go", "run", Path.Combine(Repository.Root, "tests/MfaEvents.System.Tests/ForeignLog/check.go"), folder);
    }

    [Fact]
    public async Task Ops_verify_holds_an_export_against_checkpoints_and_names_what_is_wrong()
    {
        var account = await AccountAsync();
        var (export, key, older, newer) = (server.Folder["export"], server.Folder["key"], server.Folder["older"], server.Folder["newer"]);
        var leaves = await TextAsync(account, "audit/export?format=log");
        var size = leaves.Count(c => c == '\n');
        await File.WriteAllTextAsync(key, await TextAsync(account, null, "/.well-known/checkpoint-key"), Stop);
        await File.WriteAllTextAsync(older, await TextAsync(account, "audit/checkpoint?size=9"), Stop);
        await File.WriteAllTextAsync(newer, await TextAsync(account, $"audit/checkpoint?size={size}"), Stop);

        (await VerifyAsync(leaves, older, newer)).Succeeded().ShouldStartWith($"The first {size} entries are what was signed for localhost/accounts/{account.Id}/audit.");
        (await VerifyAsync(leaves, older)).Succeeded().ShouldContain($"{size - 9} further entries are covered by no checkpoint given.");

        (await VerifyAsync(leaves.Replace("device_activated", "device_removed", StringComparison.Ordinal), newer)).Sentence.ShouldContain("not those that were signed");
        (await VerifyAsync(leaves[..(leaves.LastIndexOf("{\"accountId", StringComparison.Ordinal))], newer)).Sentence.ShouldContain($"ends after {size - 1} entries");
        (await VerifyAsync(leaves[(leaves.IndexOf('\n') + 1)..], newer)).Sentence.ShouldContain("is not entry 0");
        (await VerifyAsync(leaves.Replace("\"index\":3", "\"index\": 3", StringComparison.Ordinal), newer)).Sentence.ShouldContain("canonical");
        (await VerifyAsync("not JSON\n" + leaves, newer)).Sentence.ShouldContain("is no entry");

        var forged = (await File.ReadAllTextAsync(newer, Stop)).Replace($"\n{size}\n", $"\n{size - 1}\n", StringComparison.Ordinal);
        await File.WriteAllTextAsync(newer, forged, Stop);
        (await VerifyAsync(leaves, newer)).Sentence.ShouldContain("is no checkpoint that localhost signed");
        (await Command.RunAsync(Settings.None, Repository.Ops("verify"), "--key", key)).ExitCode.ShouldBe(2);

        async Task<CommandResult> VerifyAsync(string text, params string[] checkpoints)
        {
            await File.WriteAllTextAsync(export, text, Stop);
            return await Command.RunAsync(
                Settings.None, Repository.Ops("verify"), [export, "--key", key, .. checkpoints.SelectMany(file => (string[])["--checkpoint", file])]);
        }
    }

    /// <summary>More than a tile of entries.</summary>
    private async Task<TestAccount> AccountAsync()
    {
        var account = await server.Process.RegisterAsync();
        for (var i = 0; i < 10; i++) await account.CreateUserAsync($"user{i}");
        await account.ActivateAsync("phone");
        await account.AuditTrailIsCompleteAsync();
        return account;
    }

    private async Task<string> TextAsync(TestAccount account, string? below, string? path = null)
    {
        using var http = new HttpClient { BaseAddress = new Uri(server.Process.Api.Address) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", account.Token);
        return Encoding.UTF8.GetString(await http.GetByteArrayAsync(path ?? $"{account.Path}/{below}", Stop));
    }
}
