using Npgsql;

namespace MfaEvents.Benchmarks;

/// <summary>How far the audit trail is behind the events, in time, while all connections verify without a pause.</summary>
public static class TrailLag
{
    private static readonly TimeSpan SampleEvery = TimeSpan.FromMilliseconds(50);

    // The age of the oldest event that is committed and not in the trail.
    private const string Lag = """
        select coalesce(extract(epoch from clock_timestamp() - min(timestamp)), 0)::float8 from mfa.mt_events
        where seq_id > (select last_seq_id from mfa.mt_event_progression where name like 'audit:%')
        """;

    public static async Task MeasureAsync(Options options, string data, string connectionString, int seconds)
    {
        // Nobody waits for a throttle: each device is refused up to a hundred times in a row.
        var scale = Scale.For(options.Rounds) with { Refused = int.MaxValue, RoundLimit = TimeSpan.FromSeconds(seconds) };
        var settings = new Dictionary<string, string>(options.Settings) { ["MfaEvents__Devices__Throttle__FirstWaitAt"] = "100" };
        await using var contender = await Contender.StartAsync("server", options.Server, data, connectionString, settings, scale);
        await contender.MeasureRefusedAsync(scale with { RoundLimit = TimeSpan.FromSeconds(5) });
        await contender.RestAsync();

        using var ends = new CancellationTokenSource();
        var samples = SampleAsync(connectionString, ends.Token);
        var measured = await contender.MeasureRefusedAsync(scale);
        await ends.CancelAsync();
        double[] lags = [.. (await samples).Order()];
        Console.WriteLine($"{measured.Latencies.Count} refused codes in {measured.Elapsed.TotalSeconds:F0} s, {measured.PerSecond:F0} a second;"
            + $" the trail's lag: p50 {lags[lags.Length / 2]:F2} s, p99 {lags[lags.Length * 99 / 100]:F2} s, at most {lags[^1]:F2} s, of {lags.Length} samples");
    }

    private static async Task<IReadOnlyList<double>> SampleAsync(string connectionString, CancellationToken cancellation)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand(Lag);
        var samples = new List<double>();
        while (!cancellation.IsCancellationRequested)
        {
            samples.Add((double)(await command.ExecuteScalarAsync(CancellationToken.None))!);
            await Task.Delay(SampleEvery, CancellationToken.None);
        }

        return samples;
    }
}
