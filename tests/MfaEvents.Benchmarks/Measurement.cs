using System.Diagnostics;

namespace MfaEvents.Benchmarks;

/// <summary>What one kind of work took: how often it was done, in which time, and how long each took.</summary>
/// <param name="Elapsed">The time of all of it together.</param>
/// <param name="Latencies">The time of each.</param>
public sealed record Measurement(TimeSpan Elapsed, IReadOnlyList<TimeSpan> Latencies)
{
    private readonly TimeSpan[] sorted = [.. Latencies.Order()];

    public double PerSecond => Latencies.Count / Elapsed.TotalSeconds;

    /// <summary>Nearest rank.</summary>
    public TimeSpan Percentile(double percent) =>
        sorted.Length == 0 ? TimeSpan.Zero : sorted[Math.Max(0, (int)Math.Ceiling(percent / 100 * sorted.Length) - 1)];

    public static Measurement Of(IReadOnlyCollection<Measurement> rounds) =>
        new(TimeSpan.FromTicks(rounds.Sum(round => round.Elapsed.Ticks)), [.. rounds.SelectMany(round => round.Latencies)]);

    /// <summary>
    /// Does <paramref name="work"/> over and over on as many workers as there are connections, each beginning the next when it has
    /// finished one, until it was done <paramref name="count"/> times, the time is over, or the work says that there is none left.
    /// </summary>
    public static async Task<Measurement> TakeAsync(int workers, int count, TimeSpan limit, Func<int, Task<bool>> work)
    {
        var next = -1;
        var from = Stopwatch.GetTimestamp();
        var latencies = await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(async () =>
        {
            var own = new List<TimeSpan>();
            while (Stopwatch.GetElapsedTime(from) < limit && Interlocked.Increment(ref next) is var index && index < count)
            {
                var begun = Stopwatch.GetTimestamp();
                if (!await work(index)) break;
                own.Add(Stopwatch.GetElapsedTime(begun));
            }

            return own;
        })));
        return new Measurement(Stopwatch.GetElapsedTime(from), [.. latencies.SelectMany(own => own)]);
    }
}
