namespace MfaEvents.SystemTests.Harness;

/// <summary>The embedded PostgreSQL of a data directory, seen from outside.</summary>
public static class Postgres
{
    // A fast shutdown writes a checkpoint.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static string Cluster(string dataDirectory) => Path.Combine(dataDirectory, "postgres");

    /// <summary>Waits until no process works on the cluster any more, postmaster or backend.</summary>
    public static Task IsGone(string dataDirectory) => Eventually.Holds(
        $"PostgreSQL in {dataDirectory} has ended", Patience, () => Task.FromResult(!ProcessesIn(Cluster(dataDirectory)).Any()));

    /// <summary>The processes that work in a cluster: each PostgreSQL process changes into its data directory.</summary>
    public static IEnumerable<string> ProcessesIn(string cluster) => Directory.EnumerateDirectories("/proc")
        .Select(folder => Path.GetFileName(folder))
        .Where(name => name.All(char.IsAsciiDigit) && WorkingDirectoryOf(name) == cluster);

    private static string? WorkingDirectoryOf(string id)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{id}/cwd", returnFinalTarget: false)?.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // It has just ended, or is another user's.
        }
    }
}
