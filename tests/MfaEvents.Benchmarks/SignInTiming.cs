using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;

namespace MfaEvents.Benchmarks;

/// <summary>
/// Whether a stranger can tell a name that nobody has from a wrong password by the time of the answer: a rank test (Mann and
/// Whitney) over tries one after another, in random order.
/// </summary>
public static class SignInTiming
{
    /// <summary>Tries of one name: its wait begins at the hundredth, as the server is set up here.</summary>
    private const int TriesOfAName = 99;

    public static async Task MeasureAsync(Options options, string data, string connectionString, int tries)
    {
        var settings = new Dictionary<string, string>(options.Settings)
        {
            ["MfaEvents__PerAddressPerMinute"] = "1000000",
            ["MfaEvents__Devices__Throttle__FirstWaitAt"] = "100",
        };
        await using var server = await ServerProcess.StartAsync(options.Server, data, connectionString, settings);
        using var api = new Api(server.Address, data, connections: 1);
        var provisioner = api.Token("--role", "provisioner");

        // A first name of each kind is for warming up.
        var names = tries / TriesOfAName + 2;
        for (var number = 0; number < names; number++) await api.RegisterAccountAsync(provisioner, $"known-{number}");
        for (var warm = 0; warm < TriesOfAName; warm++) foreach (var kind in (string[])["known", "nobody"]) await TakeAsync(api, kind, 0);

        Console.WriteLine($"{tries} tries of each kind, one after another, in random order ...");
        var (known, unknown) = (new List<double>(), new List<double>());
        for (var number = 0; number < tries; number++)
        {
            var name = 1 + number / TriesOfAName;
            var wrongPasswordFirst = RandomNumberGenerator.GetInt32(2) == 0;
            foreach (var wrongPassword in (bool[])[wrongPasswordFirst, !wrongPasswordFirst])
                (wrongPassword ? known : unknown).Add(await TakeAsync(api, wrongPassword ? "known" : "nobody", name));
        }

        var (z, p) = RankTest(known, unknown);
        Console.WriteLine($"a wrong password: median {Median(known):F2} ms; a name that nobody has: median {Median(unknown):F2} ms");
        Console.WriteLine($"rank test: z = {z:F2}, p = {p:F3} (two-sided; the two are told apart when p is small)");
    }

    private static async Task<double> TakeAsync(Api api, string kind, int name)
    {
        var begun = Stopwatch.GetTimestamp();
        await api.SignInAsync($"{kind}-{name}@example.com", "not the password of anybody", HttpStatusCode.Forbidden);
        var taken = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;

        // What the server does behind its answer is over before the next question.
        await Task.Delay(5);
        return taken;
    }

    // The normal approximation; equal times share their rank.
    private static (double Z, double P) RankTest(List<double> first, List<double> second)
    {
        var ranked = first.Select(time => (Time: time, First: true)).Concat(second.Select(time => (Time: time, First: false)))
            .OrderBy(one => one.Time).ToArray();
        var sum = 0.0;
        for (var at = 0; at < ranked.Length;)
        {
            var end = at;
            while (end < ranked.Length && ranked[end].Time == ranked[at].Time) end++;
            sum += ranked[at..end].Count(one => one.First) * ((at + 1 + end) / 2.0);
            at = end;
        }

        double n = first.Count, m = second.Count;
        var u = sum - n * (n + 1) / 2;
        var z = (u - n * m / 2) / Math.Sqrt(n * m * (n + m + 1) / 12);
        return (z, 2 * UpperTail(Math.Abs(z)));
    }

    // Abramowitz and Stegun 26.2.17: the normal distribution's upper tail, to 7.5e-8.
    private static double UpperTail(double z)
    {
        var t = 1 / (1 + 0.2316419 * z);
        var polynomial = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * polynomial;
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
