using System.Runtime.Versioning;

namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>PostgreSQL's log, <c>{DataDirectory}/postgres.log</c>, appended to over starts.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class ServerLog(string path)
{
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
        using var reader = new StreamReader(File.OpenRead(path));
        reader.BaseStream.Position = startedAt;
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var line = Array.FindLast(lines, line => line.Contains("FATAL:", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? "no reason given";
        return line[(line.IndexOf("FATAL:", StringComparison.Ordinal) is >= 0 and var at ? at + "FATAL:".Length : 0)..].Trim();
    }
}
