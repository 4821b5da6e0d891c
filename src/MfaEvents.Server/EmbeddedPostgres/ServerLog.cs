using System.Runtime.Versioning;

namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>PostgreSQL's log, <c>{DataDirectory}/postgres.log</c>, appended to over starts.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class ServerLog(string path)
{
    private const string Fatal = "FATAL:";
    private const long Largest = 8 * 1024 * 1024;

    private long startedAt;

    public string Path => path;

    /// <summary>Makes the file, writable for the server user alone; one that has grown too large is set aside once.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(path) && new FileInfo(path).Length > Largest)
            File.Move(path, path + ".old", overwrite: true);
        var file = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        await using (var log = new FileStream(path, file))
            startedAt = log.Length;
        await ServerUser.GiveAsync(path, cancellationToken);
    }

    /// <summary>Why this start failed, in PostgreSQL's words.</summary>
    public string Reason()
    {
        var lines = SinceStart().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var fatal = Array.FindLast(lines, line => line.Contains(Fatal, StringComparison.Ordinal));
        return fatal?[(fatal.IndexOf(Fatal, StringComparison.Ordinal) + Fatal.Length)..].Trim()
            ?? lines.LastOrDefault()
            ?? "it gave no reason";
    }

    /// <summary>
    /// Whether this start failed because backends of an earlier, killed postmaster still hold the shared memory. It need not
    /// be the last line: those backends log their own end here.
    /// </summary>
    public bool BackendsWereLeft() => SinceStart().Contains("pre-existing shared memory block", StringComparison.Ordinal);

    private string SinceStart()
    {
        using StreamReader reader = new(File.OpenRead(path));
        reader.BaseStream.Position = startedAt;
        return reader.ReadToEnd();
    }
}
