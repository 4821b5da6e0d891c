using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>PostgreSQL's own folder below the data directory, whose lock the caller holds.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class Cluster(DataDirectory data)
{
    private const string Unfinished = "postgres.new-";

    public string Folder { get; } = data["postgres"];

    /// <summary>The major version that made the cluster, null when there is none.</summary>
    /// <exception cref="EmbeddedPostgresException">The folder is something else, or belongs to another user.</exception>
    public int? Major
    {
        get
        {
            if (!Directory.Exists(Folder))
                return null;
            try
            {
                return int.Parse(File.ReadAllText(Path.Combine(Folder, "PG_VERSION")), CultureInfo.InvariantCulture);
            }
            catch (UnauthorizedAccessException e)
            {
                throw AnotherUsers(e);
            }
            catch (Exception e) when (e is IOException or FormatException)
            {
                throw new EmbeddedPostgresException(
                    $"{Folder} is not a PostgreSQL data directory: move it away,"
                    + " or set MfaEvents:DataDirectory to another folder.", e);
            }
        }
    }

    /// <summary>
    /// Makes the cluster where there is none. It gets its name when it is whole, so that a killed initdb leaves nothing but
    /// a folder to remove.
    /// </summary>
    /// <exception cref="EmbeddedPostgresException">It is of another version or another user, or initdb failed.</exception>
    public async Task EnsureAsync(PostgresBinaries binaries, bool fsync, CancellationToken cancellationToken)
    {
        foreach (var leftover in Directory.GetDirectories(data.Path, Unfinished + "*"))
            TryDelete(leftover);

        if (Major is { } major)
        {
            if (major != binaries.Major)
            {
                throw new EmbeddedPostgresException(
                    $"{Folder} was made by PostgreSQL {major}, but {binaries.Folder} holds PostgreSQL {binaries.Major}:"
                    + $" install PostgreSQL {major} or name its folder in MfaEvents:EmbeddedPostgres:Binaries.");
            }

            if (!await ServerUser.OwnsAsync(Folder, cancellationToken))
                throw AnotherUsers();
            return;
        }

        // A new name each time: an initdb that outlived its parent cleans up after itself by name.
        var folder = data[Unfinished + RandomNumberGenerator.GetHexString(8, lowercase: true)];
        Directory.CreateDirectory(folder, ServerUser.OnlyOwner);
        await ServerUser.GiveAsync(folder, cancellationToken);
        var initdb = await ServerUser.RunAsync(
            binaries.Initdb,
            [
                "-D", folder, "-U", "postgres", "--encoding=UTF8", OperatingSystem.IsLinux() ? "--locale=C.UTF-8" : "--locale=C",
                // Whoever reaches the socket is let in: its folder is open to the server user alone (SocketDirectory).
                "--auth-local=trust", "--auth-host=reject",
                .. fsync ? Array.Empty<string>() : ["--no-sync"],
            ],
            cancellationToken);
        if (!initdb.Succeeded)
        {
            TryDelete(folder);
            throw new EmbeddedPostgresException($"The database could not be created in {data.Path}: {initdb.LastLine}");
        }

        Directory.Move(folder, Folder);
    }

    /// <summary>Writes postgresql.conf, which is ours altogether; ALTER SYSTEM still goes above it.</summary>
    public void Configure(string socketDirectory, bool fsync)
    {
        var durable = fsync ? "on" : "off";
        File.WriteAllText(Path.Combine(Folder, "postgresql.conf"), $"""
            # Written by MfaEvents at each start.
            listen_addresses = ''
            port = 5432
            unix_socket_directories = '{socketDirectory}'
            unix_socket_permissions = 0700
            max_connections = 200
            shared_buffers = 128MB
            fsync = {durable}
            full_page_writes = {durable}
            synchronous_commit = {durable}
            lc_messages = 'C'

            """);
    }

    /// <summary>
    /// Stops a postmaster that outlived its parent (or waits for one that is stopping), and makes a stale postmaster.pid
    /// harmless. Under the data directory's lock no other postmaster can be a wanted one.
    /// </summary>
    /// <exception cref="EmbeddedPostgresException">It did not stop within a minute.</exception>
    public async Task StopPredecessorAsync(PostgresBinaries binaries, CancellationToken cancellationToken)
    {
        var pidFile = Path.Combine(Folder, "postmaster.pid");
        if (!File.Exists(pidFile))
            return;

        var lines = ReadLinesOrNone(pidFile);
        if (lines.Length == 0 || !int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
        {
            File.Delete(pidFile);
        }
        else if (IsPostmaster(pid))
        {
            var stop = await ServerUser.RunAsync(
                binaries.PgCtl, ["stop", "-D", Folder, "-m", "fast", "-w", "-t", "60"], cancellationToken);
            if (!stop.Succeeded && IsPostmaster(pid))
            {
                throw new EmbeddedPostgresException(
                    $"The previous PostgreSQL (process {pid}) in {Folder} does not stop: {stop.LastLine}");
            }
        }
        else
        {
            // PostgreSQL takes any living process of its user with this number for its predecessor. The rest of the file
            // names the shared memory, by which it recognises backends that are still there: only the number goes,
            // for one that no system gives out.
            File.WriteAllLines(pidFile, [int.MaxValue.ToString(CultureInfo.InvariantCulture), .. lines.Skip(1)]);
        }
    }

    private bool IsPostmaster(int pid)
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0').Contains(Folder);
            using var process = Process.GetProcessById(pid);
            return process.ProcessName == "postgres";
        }
        // Gone in the meantime, or nothing that this user may look at and so nothing of the server user's.
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string[] ReadLinesOrNone(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (FileNotFoundException)
        {
            return [];
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An initdb that still writes there; the next start removes it.
        }
    }

    private EmbeddedPostgresException AnotherUsers(Exception? e = null) => new(
        $"{Folder} belongs to another user than {ServerUser.Name}: start the server as that user,"
        + " or set MfaEvents:DataDirectory to another folder.", e);
}
