namespace MfaEvents.Benchmarks;

/// <summary>The server's resident memory while it verifies: a tenth of the way, and then after each further tenth.</summary>
public static class MemoryUse
{
    public static async Task MeasureAsync(Options options, string data, string connectionString, int verifications)
    {
        var scale = Scale.For(options.Rounds);
        await using var contender = await Contender.StartAsync("server", options.Server, data, connectionString, options.Settings, scale);
        var (done, first) = (0, 0L);
        for (var tenth = 1; tenth <= 10; tenth++)
        {
            while (done < verifications * (long)tenth / 10)
            {
                // Two refusals for a device at most, then an acceptance as soon as it has a code again.
                done += (await contender.MeasureRefusedAsync(scale with { Refused = scale.Users, RoundLimit = TimeSpan.FromMinutes(1) })).Latencies.Count;
                var accepted = 0;
                while (accepted < scale.Users)
                {
                    accepted += (await contender.MeasureAcceptedAsync(scale with { Accepted = scale.Users - accepted, RoundLimit = TimeSpan.FromMinutes(1) })).Latencies.Count;
                    if (accepted < scale.Users) await Task.Delay(TimeSpan.FromSeconds(1));
                }

                done += accepted;
                contender.Forget();
            }

            var memory = contender.Server.Memory;
            if (tenth == 1) first = memory;
            Console.WriteLine($"{done,9} verifications: {memory / (1 << 20)} MB, {(double)memory / first:F2} of the first tenth");
        }
    }
}
