namespace MfaEvents.SystemTests.Harness;

/// <summary>Where the things under test are.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The server as <c>ops/run</c> starts it.</summary>
    public static string ServerFolder { get; } = Path.Combine(Root, "src", "MfaEvents.Server", "bin", "Release", "net10.0");

    /// <summary>Where <c>ops/fetch-postgres</c> keeps what it fetched.</summary>
    public static string PostgresCache { get; } = Path.Combine(Root, ".cache", "postgres");

    public static string Ops(string command) => Path.Combine(Root, "ops", command);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "MfaEvents.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("These tests run in the repository.");
        return folder;
    }
}
