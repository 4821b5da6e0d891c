using Npgsql;

namespace MfaEvents.Benchmarks;

/// <summary>One server with a database, a data directory and a fleet of its own, and what it was measured at.</summary>
public sealed class Contender : IAsyncDisposable
{
    private readonly ServerProcess server;
    private readonly Api api;
    private readonly NpgsqlDataSource database;

    private Contender(string name, ServerProcess server, Api api, Fleet fleet, NpgsqlDataSource database) =>
        (Name, this.server, this.api, Fleet, this.database) = (name, server, api, fleet, database);

    public string Name { get; }

    public Fleet Fleet { get; }

    public ServerProcess Server => server;

    public List<Measurement> Accepted { get; } = [];

    public List<Measurement> Refused { get; } = [];

    /// <summary>The server's own processor time, over all accepted and all refused verifications that were measured.</summary>
    public TimeSpan AcceptedProcessorTime { get; private set; }

    public TimeSpan RefusedProcessorTime { get; private set; }

    public static async Task<Contender> StartAsync(
        string name, string dll, string dataDirectory, string connectionString, IReadOnlyDictionary<string, string> settings, Scale scale)
    {
        var server = await ServerProcess.StartAsync(dll, dataDirectory, connectionString, settings);
        try
        {
            var api = new Api(server.Address, dataDirectory, scale.Connections);
            var fleet = await Fleet.PrepareAsync(api, scale.Accounts, scale.Users, scale.Connections);
            return new Contender(name, server, api, fleet, NpgsqlDataSource.Create(connectionString));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async Task<Measurement> MeasureAcceptedAsync(Scale scale)
    {
        var before = server.ProcessorTime;
        var measurement = await Measurement.TakeAsync(scale.Connections, scale.Accepted, scale.RoundLimit, _ => Fleet.AcceptedAsync());
        AcceptedProcessorTime += server.ProcessorTime - before;
        Accepted.Add(measurement);
        return measurement;
    }

    public async Task<Measurement> MeasureRefusedAsync(Scale scale)
    {
        var before = server.ProcessorTime;
        var measurement = await Measurement.TakeAsync(scale.Connections, scale.Refused, scale.RoundLimit, Fleet.RefusedAsync);
        RefusedProcessorTime += server.ProcessorTime - before;
        Refused.Add(measurement);
        return measurement;
    }

    public Task<Measurement> MeasureHotAsync(Scale scale) =>
        Measurement.TakeAsync(scale.Connections, scale.Refused, scale.RoundLimit, _ => Fleet.HotAsync());

    /// <summary>Forgets what was measured so far: it was for warming up.</summary>
    public void Forget()
    {
        Accepted.Clear();
        Refused.Clear();
        AcceptedProcessorTime = RefusedProcessorTime = TimeSpan.Zero;
    }

    /// <summary>Waits until the audit trail, which the server writes behind the events, has caught up and no longer takes processor time.</summary>
    public Task RestAsync() => RestAsync(database, TimeSpan.FromSeconds(20));

    public static async Task RestAsync(string connectionString, TimeSpan limit)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await RestAsync(database, limit);
    }

    private static async Task RestAsync(NpgsqlDataSource database, TimeSpan limit)
    {
        const string behind = """
            select (select max(seq_id) from mfa.mt_events) - (select last_seq_id from mfa.mt_event_progression where name like 'audit:%')
            """;
        var patience = DateTime.UtcNow + limit;
        await using var command = database.CreateCommand(behind);
        while (await command.ExecuteScalarAsync() is not 0L && DateTime.UtcNow < patience) await Task.Delay(50);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        api.Dispose();
        await database.DisposeAsync();
    }
}

/// <summary>How much is prepared and done.</summary>
/// <remarks>
/// A device has two codes in its sign-in window at first and one more each 30 s: <c>Users</c> is such that no device runs out of them.
/// A device is refused at most twice between two accepted codes, far from any throttle.
/// </remarks>
public sealed record Scale
{
    public int Connections { get; init; } = 16;

    public int Accounts { get; init; } = 4;

    public int Users { get; init; } = 4000;

    public required int Accepted { get; init; }

    public required int Refused { get; init; }

    public required int Bare { get; init; }

    public TimeSpan RoundLimit { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>The same work, in as many rounds as are asked for.</summary>
    public static Scale For(int rounds) => new() { Accepted = 7500 / rounds, Refused = 7500 / rounds, Bare = 20_000 / rounds };
}
