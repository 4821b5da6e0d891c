using System.Diagnostics;
using System.Globalization;
using MfaEvents.Benchmarks;
using MfaEvents.Server.EmbeddedPostgres;
using Npgsql;

Options options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 2;
}

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var begun = Stopwatch.GetTimestamp();
var scale = Scale.For(options.Rounds);
var data = Path.GetFullPath(Path.Combine(".data", "bench"));
if (Directory.Exists(data)) Directory.Delete(data, recursive: true);

await using var postgres = await EmbeddedPostgresServer.StartAsync(
    new EmbeddedPostgresOptions { DataDirectory = data, Fsync = true }, CancellationToken.None);

if (options.Length is { } length)
{
    await StreamLength.MeasureAsync(options, data, postgres.ConnectionString, length);
    return 0;
}

if (options.Memory is { } verifications)
{
    await MemoryUse.MeasureAsync(options, data, postgres.ConnectionString, verifications);
    return 0;
}

if (options.Audit is { } audited)
{
    await AuditFigures.MeasureAsync(options, data, postgres.ConnectionString, audited);
    return 0;
}

if (options.Lag is { } watched)
{
    await TrailLag.MeasureAsync(options, data, postgres.ConnectionString, watched);
    return 0;
}

if (options.SignIns is { } tries)
{
    await SignInTiming.MeasureAsync(options, data, postgres.ConnectionString, tries);
    return 0;
}

var contenders = new List<Contender>();
try
{
    Console.WriteLine($"Preparing {scale.Users} principals with a device each ...");
    contenders.Add(await Contender.StartAsync("server", options.Server, data, postgres.ConnectionString, options.Settings, scale));
    if (options.Against is { } against)
    {
        contenders.Add(await Contender.StartAsync(
            "against", against, data, await CreateDatabaseAsync("against"), new Dictionary<string, string>(), scale));
    }

    await WarmUpAsync();
    await using var least = await BareTransactions.Least(BareConnection(postgres.ConnectionString));
    await using var same = await BareTransactions.Same(BareConnection(postgres.ConnectionString));
    await RoundsAsync(least, same);
    await HotPrincipalAsync(least, same);
}
finally
{
    foreach (var contender in contenders) await contender.DisposeAsync();
}

await CountRoundTripsAsync();
Console.WriteLine($"\nDone in {Stopwatch.GetElapsedTime(begun).TotalSeconds:F0} s.");
return 0;

async Task WarmUpAsync()
{
    foreach (var contender in contenders)
    {
        for (var i = 0; i < 3; i++)
        {
            await contender.MeasureRefusedAsync(scale with { Refused = scale.Users });
            await contender.MeasureAcceptedAsync(scale with { Accepted = 500 });
        }

        contender.Forget();
    }
}

async Task RoundsAsync(BareTransactions least, BareTransactions same)
{
    await MeasureBareAsync(least, index => index);
    await MeasureBareAsync(same, index => index);

    var (leastRounds, sameRounds) = (new List<Measurement>(), new List<Measurement>());
    Console.WriteLine($"\n{scale.Connections} connections; per second, p50 and p99 in ms, ratios to bare Npgsql: same rows, least\n");
    Console.WriteLine($"{"round",-6}{"",-10}{Heading("accepted")}{"ratios",12}  {Heading("refused")}{"ratios",12}  {Heading("same rows")}  {Heading("least")}");
    for (var round = 1; round <= options.Rounds; round++)
    {
        foreach (var contender in contenders) await contender.RestAsync();
        sameRounds.Add(await MeasureBareAsync(same, index => index));
        leastRounds.Add(await MeasureBareAsync(least, index => index));
        // Those who come first in one round come last in the next.
        foreach (var contender in round % 2 == 0 ? contenders.AsEnumerable().Reverse() : contenders)
        {
            var accepted = await contender.MeasureAcceptedAsync(scale);
            await contender.RestAsync();
            var refused = await contender.MeasureRefusedAsync(scale);
            await contender.RestAsync();
            Console.WriteLine($"{round,-6}{contender.Name,-10}{Line(accepted, refused, sameRounds[^1], leastRounds[^1])}");
        }
    }

    Console.WriteLine();
    foreach (var contender in contenders)
    {
        var (accepted, refused) = (Measurement.Of(contender.Accepted), Measurement.Of(contender.Refused));
        Console.WriteLine($"{"all",-6}{contender.Name,-10}{Line(accepted, refused, Measurement.Of(sameRounds), Measurement.Of(leastRounds))}");
        Console.WriteLine($"      medians of the rounds: accepted {Ratio(contender.Accepted, sameRounds)} of the same rows, {Ratio(contender.Accepted, leastRounds)} of the least;"
            + $" refused {Ratio(contender.Refused, sameRounds)} and {Ratio(contender.Refused, leastRounds)};"
            + $" p99 of accepted {LatencyRatio(contender.Accepted, sameRounds)} and {LatencyRatio(contender.Accepted, leastRounds)} times");
        Console.WriteLine($"      {contender.Name} used {contender.AcceptedProcessorTime.TotalMilliseconds / accepted.Latencies.Count:F2} s of processor"
            + $" time for 1,000 accepted codes, {contender.RefusedProcessorTime.TotalMilliseconds / refused.Latencies.Count:F2} s for refused ones");
    }

    if (contenders is [var one, var other])
    {
        Console.WriteLine($"      {one.Name} : {other.Name} = {Ratio(one.Accepted, other.Accepted)} accepted, {Ratio(one.Refused, other.Refused)} refused, medians");
    }
}

// All connections want the same row: what a lock costs while others wait for it.
async Task HotPrincipalAsync(BareTransactions least, BareTransactions same)
{
    var hot = await contenders[0].MeasureHotAsync(scale);
    await contenders[0].RestAsync();
    var (bareSame, bareLeast) = (await MeasureBareAsync(same, _ => 0), await MeasureBareAsync(least, _ => 0));
    Console.WriteLine($"      one hot principal: {hot.PerSecond:F0} refused codes per second, p99 {hot.Percentile(99).TotalMilliseconds:F0} ms;"
        + $" bare Npgsql {bareSame.PerSecond:F0} for the same rows, {bareLeast.PerSecond:F0} for the least");
}

Task<Measurement> MeasureBareAsync(BareTransactions bare, Func<int, int> which)
{
    var devices = contenders[0].Fleet.Devices;
    return Measurement.TakeAsync(scale.Connections, scale.Bare, scale.RoundLimit, index => bare.RunAsync(devices[which(index) % devices.Count]));
}

// In a server of their own, so that nothing stands in the way of those that are measured.
async Task CountRoundTripsAsync()
{
    const int count = 100;
    using var tap = new WireTap(new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!);
    await CreateDatabaseAsync("counted");
    var counted = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Host = tap.Host, Database = "counted" }.ConnectionString;
    await using var contender = await Contender.StartAsync(
        "counted", options.Server, data, counted, options.Settings, scale with { Connections = 1, Users = count });
    await CountAsync("refused", () => contender.MeasureRefusedAsync(scale with { Connections = 1, Refused = count }));
    await CountAsync("accepted", () => contender.MeasureAcceptedAsync(scale with { Connections = 1, Accepted = count }));

    async Task CountAsync(string what, Func<Task<Measurement>> measure)
    {
        await contender.RestAsync();
        tap.Take();
        var done = (await measure()).Latencies.Count;

        // What was not sent about once for each is the server's housekeeping.
        var each = tap.Take().GroupBy(statements => string.Join("\n", statements.Select(OneLine)))
            .Where(group => group.Count() > done / 2).ToArray();
        Console.WriteLine($"\n{what}: {each.Sum(group => (double)group.Count()) / done:F2} round trips with"
            + $" {each.Sum(group => (double)group.Sum(statements => statements.Count)) / done:F2} statements each, of {done}:");
        foreach (var group in each) Console.WriteLine($"  - {group.Key.Replace("\n", "\n    ", StringComparison.Ordinal)}");
    }
}

async Task<string> CreateDatabaseAsync(string name)
{
    await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
    await using var create = source.CreateCommand($"create database {name}");
    await create.ExecuteNonQueryAsync();
    return new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Database = name }.ConnectionString;
}

// As the server sets up its own.
static string BareConnection(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
{
    NoResetOnClose = true,
    MaxAutoPrepare = 100,
    AutoPrepareMinUsages = 2,
}.ConnectionString;

static string Heading(string what) => $"{what,12}{"p50",7}{"p99",7}";

static string Figures(Measurement m) => $"{m.PerSecond,12:F0}{m.Percentile(50).TotalMilliseconds,7:F1}{m.Percentile(99).TotalMilliseconds,7:F1}";

static string Line(Measurement accepted, Measurement refused, Measurement same, Measurement least) =>
    $"{Figures(accepted)}{accepted.PerSecond / same.PerSecond,6:F2}{accepted.PerSecond / least.PerSecond,6:F2}"
    + $"  {Figures(refused)}{refused.PerSecond / same.PerSecond,6:F2}{refused.PerSecond / least.PerSecond,6:F2}  {Figures(same)}  {Figures(least)}";

static string LatencyRatio(IEnumerable<Measurement> one, IEnumerable<Measurement> other)
{
    double[] ratios = [.. one.Zip(other, (a, b) => a.Percentile(99) / b.Percentile(99)).Order()];
    return ratios[ratios.Length / 2].ToString("F1", CultureInfo.InvariantCulture);
}

// The median of the rounds: others use this machine, too.
static string Ratio(IEnumerable<Measurement> one, IEnumerable<Measurement> other)
{
    double[] ratios = [.. one.Zip(other, (a, b) => a.PerSecond / b.PerSecond).Order()];
    return ratios[ratios.Length / 2].ToString("F2", CultureInfo.InvariantCulture);
}

static string OneLine(string statement)
{
    var line = string.Join(' ', statement.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    return line.Length <= 110 ? line : line[..110] + " ...";
}
