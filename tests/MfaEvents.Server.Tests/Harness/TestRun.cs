[assembly: AssemblyFixture(typeof(MfaEvents.Server.Tests.Harness.TestRun))]

namespace MfaEvents.Server.Tests.Harness;

/// <summary>
/// What all tests share: one PostgreSQL and one host. Tests do not disturb each other because each registers accounts of its own.
/// The few that rebuild, listen to every log line or shorten a lifetime start a host of their own on a database beside it.
/// </summary>
public sealed class TestRun : IAsyncLifetime
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "mfa-tests-" + Path.GetRandomFileName());
    private TestDatabase database = null!;

    public MfaHost Host { get; private set; } = null!;

    /// <summary>Which PostgreSQL the tests run on.</summary>
    public string Database => database.Description;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(folder);

        // As root the embedded database runs as another user, who must be able to pass through.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        database = await TestDatabase.StartAsync(folder);
        await System.Console.Error.WriteLineAsync($"MfaEvents.Server.Tests: {Database}");
        Host = await StartHostAsync("mfa_tests");
    }

    /// <summary>Another host, on a new database; <paramref name="connection"/> adds to its connection string.</summary>
    public async Task<MfaHost> StartHostAsync(
        string databaseName,
        IReadOnlyDictionary<string, string>? settings = null,
        Action<IServiceCollection>? services = null,
        string connection = "") =>
        await MfaHost.StartAsync($"{await database.CreateAsync(databaseName)};{connection}", Path.Combine(folder, databaseName), settings ?? new Dictionary<string, string>(), services);

    public async ValueTask DisposeAsync()
    {
        if (Host is not null) await Host.DisposeAsync();
        if (database is not null) await database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
