using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using MfaEvents.Core.Audit;
using Npgsql;

namespace MfaEvents.Benchmarks;

/// <summary>
/// The audit trail over a long history: how fast it grows, is read, exported, verified and rebuilt, each beside the plain work of the machine for
/// the same bytes or rows, in one run.
/// </summary>
public static class AuditFigures
{
    private const int Reads = 200;

    // What a session's end leaves: as long as most events are.
    private const string Grow = """
        with added as (
          insert into mfa.mt_events
            (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, user_name, is_archived)
          select nextval('mfa.mt_events_sequence'), gen_random_uuid(), 'root', 1 + n, jsonb_build_object('sessionId', gen_random_uuid()), 'session_ended',
            now() + n * interval '1 millisecond', $1, 'MfaEvents.Core.SignIn.SessionEnded, MfaEvents.Core', md5(n::text), null,
            jsonb_build_object('clientAddress', '203.0.113.' || n % 250, 'userAgent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
              'actorIssuer', 'https://issuer.example', 'clientAddressSalt', encode(salt, 'base64'), 'userAgentSalt', encode(salt, 'base64'),
              'personalDataCommitment', replace(encode(
                sha256(salt || convert_to('"203.0.113.' || n % 250 || '"', 'UTF8'))
                  || sha256(salt || '"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"'), 'base64'), chr(10), '')),
            'arn:aws:iam::' || $1 || ':root', false
          from generate_series(1, $2) as n, lateral substring(sha256(n::text::bytea) for 16) as salt
          returning 1)
        update mfa.mt_streams set version = 1 + $2 where tenant_id = $1 and id = 'root'
        """;

    public static async Task MeasureAsync(Options options, string data, string connectionString, int events)
    {
        await using var server = await ServerProcess.StartAsync(options.Server, data, connectionString, options.Settings);
        using var api = new Api(server.Address, data, 2);
        var account = await api.RegisterAccountAsync(api.Token("--role", "provisioner"), "bench");
        using var http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(30) };
        var audit = $"/accounts/{account}/audit";
        await using var database = NpgsqlDataSource.Create(connectionString);

        await DoAsync(database, Grow, account, events);
        var began = Stopwatch.GetTimestamp();
        while (await NumberAsync(database, "select coalesce(max(size), 0) from mfa.log_size") < events) await Task.Delay(200);
        Say("projected", events, Stopwatch.GetElapsedTime(began), server);
        await DoAsync(database, "analyze; checkpoint");

        As("auditor");
        foreach (var filter in (string[])["", "&eventType=session_ended", "&sourceAddress=203.0.113.7", "&principal=root", "&from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z", "&actor=nobody"])
            await PagesAsync(http, $"{audit}?limit=50{filter}");

        var leaves = Path.Combine(data, "leaves.ndjson");
        await TimedAsync("exported as log", events, server, () => DownloadAsync(http, $"{audit}/export?format=log", leaves));
        await TimedAsync("exported as CloudEvents", events, server, () => DownloadAsync(http, $"{audit}/export?format=cloudevents", "/dev/null"));
        await TimedAsync("history read", events, server, () => DownloadAsync(http, $"/accounts/{account}/principals/root/history", "/dev/null"));

        for (var turn = 0; turn < 3; turn++)
        {
            var verified = await TimedAsync("verified", events, server, async () =>
            {
                using var answer = await http.PostAsJsonAsync($"{audit}/verification", new { });
                if (!(await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("intact").GetBoolean())
                    throw new InvalidOperationException("The history is not intact.");
            });
            var hashed = await TimedAsync("hashed from a file", events, null, () => HashAsync(leaves));
            Console.WriteLine($"  verification is {hashed / verified:F2} of hashing the same bytes");
        }

        As("operator");
        for (var turn = 0; turn < 3; turn++)
        {
            var rebuilt = await TimedAsync("rebuilt", events, server, () => RebuildAsync(http));
            await DoAsync(database, "drop table if exists mfa.copied; create table mfa.copied (like mfa.audit_item including indexes)");
            var rows = Path.Combine(data, "rows.copy");
            await SaveAsync(database, rows);
            var copied = await TimedAsync("copied", events, null, () => CopyAsync(database, rows));
            Console.WriteLine($"  the rebuild is {copied / rebuilt:F2} of a plain COPY of the same rows");
        }

        void As(string role) => http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", api.Token("--role", role));
    }

    private static async Task PagesAsync(HttpClient http, string path)
    {
        var times = new List<double>();
        for (var i = 0; i < Reads; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await http.GetByteArrayAsync(path);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        times.Sort();
        Console.WriteLine($"a page {path[path.IndexOf('?')..]}: p50 {times[Reads / 2]:F1} ms, p99 {times[Reads * 99 / 100]:F1} ms");
    }

    private static async Task DownloadAsync(HttpClient http, string path, string file)
    {
        await using var from = await http.GetStreamAsync(path);
        await using var to = File.Open(file, FileMode.OpenOrCreate, FileAccess.Write);
        await from.CopyToAsync(to);
    }

    private static async Task HashAsync(string file)
    {
        var tree = new TreeFrontier();
        await foreach (var line in File.ReadLinesAsync(file)) tree.Append(MerkleHash.OfLeaf(Encoding.UTF8.GetBytes(line)));
        if (tree.Root.Length != MerkleHash.Length) throw new InvalidOperationException("There is no root.");
    }

    private static async Task RebuildAsync(HttpClient http)
    {
        using var started = await http.PostAsJsonAsync("/projections/audit/rebuilds", new { });
        started.EnsureSuccessStatusCode();
        while (true)
        {
            var rebuild = await http.GetFromJsonAsync<JsonElement>(started.Headers.Location);
            if (rebuild.GetProperty("state").GetString() == "succeeded") return;
            if (rebuild.GetProperty("state").GetString() != "running") throw new InvalidOperationException(rebuild.GetRawText());
            await Task.Delay(50);
        }
    }

    private static async Task SaveAsync(NpgsqlDataSource database, string file)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var from = await connection.BeginRawBinaryCopyAsync("copy mfa.audit_item to stdout (format binary)");
        await using var to = File.Create(file);
        await from.CopyToAsync(to);
    }

    private static async Task CopyAsync(NpgsqlDataSource database, string file)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var from = File.OpenRead(file);
        await using var to = await connection.BeginRawBinaryCopyAsync("copy mfa.copied from stdin (format binary)");
        await from.CopyToAsync(to);
    }

    private static async Task<double> TimedAsync(string what, int events, ServerProcess? server, Func<Task> work)
    {
        var began = Stopwatch.GetTimestamp();
        await work();
        var time = Stopwatch.GetElapsedTime(began);
        Say(what, events, time, server);
        return time.TotalSeconds;
    }

    private static void Say(string what, int events, TimeSpan time, ServerProcess? server)
    {
        var memory = server is null ? "" : $", the server has {server.Memory / (1 << 20)} MB";
        Console.WriteLine($"{what}: {events} events in {time.TotalSeconds:F1} s, {events / time.TotalSeconds:F0} a second{memory}");
    }

    private static async Task DoAsync(NpgsqlDataSource database, string sql, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 1800;
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<long> NumberAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
