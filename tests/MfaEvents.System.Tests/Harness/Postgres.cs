using System.Globalization;

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
    public static IEnumerable<int> ProcessesIn(string cluster) => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id != 0 && WorkingDirectoryOf(id) == cluster);

    private static string? WorkingDirectoryOf(int id)
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
