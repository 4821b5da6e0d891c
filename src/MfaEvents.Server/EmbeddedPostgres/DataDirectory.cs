using System.Runtime.Versioning;

namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>The product's data directory, held by one process at a time.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class DataDirectory : IDisposable
{
    // EWOULDBLOCK of flock(2) on Linux and on macOS.
    private static readonly int[] Locked = [11, 35];

    // pg_ctl hands the folder to a shell between double quotes.
    private const string Unquotable = "\"$`\\";

    // Whoever can open the file can lock it.
    private static readonly FileStreamOptions Exclusive = new()
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.None,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    private readonly FileStream @lock;

    private DataDirectory(string path, FileStream @lock) => (Path, this.@lock) = (path, @lock);

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>
    /// Creates the directory where it is missing and locks it. The lock is the open file, not its existence: the kernel gives
    /// it back however the process ends.
    /// </summary>
    /// <exception cref="EmbeddedPostgresException">Another process holds it, or this user may not write there.</exception>
    public static DataDirectory Take(string path)
    {
        path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (path.AsSpan().ContainsAny(Unquotable))
        {
            throw new EmbeddedPostgresException(
                $"The data directory {path} has one of {Unquotable} in its name: set MfaEvents:DataDirectory to a plainer one.");
        }

        try
        {
            if (!Directory.Exists(path))
                Directory.CreateDirectory(path, ModeForServerUser);
            return new(path, new FileStream(System.IO.Path.Combine(path, "postgres.lock"), Exclusive));
        }
        catch (IOException e) when (Locked.Contains(e.HResult))
        {
            throw new EmbeddedPostgresException(
                $"Another process uses the data directory {path}: stop it, or set MfaEvents:DataDirectory to another folder.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException($"The data directory {path} cannot be used: {e.Message}", e);
        }
    }

    public void Dispose() => @lock.Dispose();

    // As root another user runs the database: it may pass through, but not look around.
    private static UnixFileMode ModeForServerUser => ServerUser.IsAnother
        ? ServerUser.OnlyOwner | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute
        : ServerUser.OnlyOwner;
}
