using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using MfaEvents.Core.Audit;
using Npgsql;

namespace MfaEvents.SystemTests;

/// <summary>A million events are exported to a reader that is slow, breaks off and resumes; the server does not grow with them.</summary>
public sealed class LongExportTests : IAsyncLifetime
{
    private const int Events = 1_000_000;

    /// <summary>What compiling and the collector may take at the beginning; the million events are 900 MB.</summary>
    private const long EarlyGrowth = 600L << 20;

    /// <summary>What is left of that later.</summary>
    private const long LateGrowth = 250L << 20;

    private readonly Service service = new();

    public ValueTask InitializeAsync() => service.InitializeAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task A_reader_that_is_slow_breaks_off_and_resumes_has_a_million_events_once_each()
    {
        await using var server = await service.StartNodeAsync();
        var account = await server.RegisterAsync();
        await account.AuditTrailIsCompleteAsync();
        await GrowAsync(account.Id);
        using var http = new HttpClient { BaseAddress = new Uri(server.Api.Address), Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", await server.TokenAsync("--role", "auditor", "--account", account.Id));

        var (watch, next, parts, early, late) = (Stopwatch.StartNew(), 0L, 0, 0L, 0L);
        var before = MemoryOf(server);
        string? last = null;
        while (last is null)
        {
            parts++;
            using var answer = await http.GetAsync(
                $"{account.Path}/audit/export?format=cloudevents&fromIndex={next}", HttpCompletionOption.ResponseHeadersRead, Stop);
            answer.EnsureSuccessStatusCode();
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(Stop));
            if (parts <= 2) await HoldsNothingWhileItsReaderSleepsAsync();
            var breaksOff = next + RandomNumberGenerator.GetInt32(50_000, 200_000);
            while (next < breaksOff && await lines.ReadLineAsync(Stop) is { } line)
            {
                if (IndexOf(line) is not { } index)
                {
                    last = line;
                    break;
                }

                index.ShouldBe(next++);
                if (next % 20_000 != 0) continue;
                if (next <= Events / 2) early = Math.Max(early, MemoryOf(server));
                else late = Math.Max(late, MemoryOf(server));
            }
        }

        next.ShouldBe(Events);
        JsonNode.Parse(last)!["type"]!.ToString().ShouldBe("org.mfaevents.audit.checkpoint");
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{Events} events in {parts} parts and {watch.Elapsed.TotalSeconds:F1} s; the server had {before >> 20} MB, then {early >> 20} MB at most, and {late >> 20} MB in the second half");
        (early - before).ShouldBeLessThan(EarlyGrowth);
        (late - before).ShouldBeLessThan(LateGrowth);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Answers and pages fill up, and then nothing happens: no connection of the server's is at work for it.</summary>
    private async Task HoldsNothingWhileItsReaderSleepsAsync()
    {
        await Task.Delay(TimeSpan.FromSeconds(2), Stop);
        await using var connection = new NpgsqlConnection(service.Database.ConnectionString);
        await connection.OpenAsync(Stop);
        await using var command = new NpgsqlCommand(
            """
            select count(*) from pg_stat_activity
            where pid <> pg_backend_pid() and state <> 'idle' and (query like '%audit_item%order by index%' or state like 'idle in%')
            """,
            connection);
        (await command.ExecuteScalarAsync(Stop)).ShouldBe(0L);
    }

    // Rows of the trail as its projection writes them. Of the log only what a checkpoint reads: what its leaves are is not asked here.
    private async Task GrowAsync(string accountId)
    {
        await using var source = NpgsqlDataSource.Create(service.Database.ConnectionString);
        foreach (var index in (string[])["principal", "device_id", "event_type", "actor", "source_address", "latest_at", "sequence"])
            await DoAsync(source, $"drop index if exists mfa.audit_item_{index}");
        await DoAsync(
            source,
            $$"""
            insert into mfa.audit_item (
                account_id, index, sequence, event_id, principal, stream, version, event_type, occurred_at, latest_at, actor, source_address,
                user_agent, correlation_id, device_id, device_name, device_type, data)
            select $1, i, 1000000 + i, gen_random_uuid(), 'root', 'root', i, 'session_ended', now(), now(), 'somebody', '203.0.113.7',
                'a browser', md5(i::text), gen_random_uuid(), 'phone', 'virtual', '{"sessionId": "0194c2c8-7d5c-7000-8000-000000000000"}'
            from generate_series((select size from mfa.log_size where account_id = $1), {{Events - 1}}) i
            """,
            accountId);
        foreach (var tile in new LeafRange(0, Events).Nodes.Select(TreeTile.Of).Distinct())
            await DoAsync(
                source,
                "insert into mfa.log_tile values ($1, $2, $3, $4) on conflict (account_id, level, index) do update set hashes = excluded.hashes",
                accountId, (short)tile.Level, tile.Index, new byte[TreeTile.Width * MerkleHash.Length]);
        await DoAsync(source, $"update mfa.log_size set size = {Events} where account_id = $1", accountId);
    }

    private static async Task DoAsync(NpgsqlDataSource source, string sql, params object[] values)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 300;
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(Stop);
    }

    private static long? IndexOf(string line)
    {
        const string Member = "\"sequence\":\"";
        var at = line.IndexOf(Member, StringComparison.Ordinal);
        return at < 0 ? null : long.Parse(line.AsSpan(at + Member.Length, 20), CultureInfo.InvariantCulture);
    }

    private static long MemoryOf(ServerProcess server) => 1024 * long.Parse(
        File.ReadLines($"/proc/{server.Id}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
