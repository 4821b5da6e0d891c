namespace MfaEvents.SystemTests.Harness;

/// <summary>A folder of a test's own, which the user that PostgreSQL runs as may pass through.</summary>
public sealed class TestFolder : IDisposable
{
    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public string Path { get; } = Directory.CreateTempSubdirectory("mfa-").FullName;

    public TestFolder() => File.SetUnixFileMode(Path, Passable);

    /// <summary>A data directory, made by the server at its first start.</summary>
    public string Data => this["data"];

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Deletes it; the database of a killed server may be tidying up in it for another moment.</summary>
    public void Dispose()
    {
        for (var triesLeft = 100; ; triesLeft--)
            try
            {
                Directory.Delete(Path, recursive: true);
                return;
            }
            catch (IOException) when (triesLeft > 0)
            {
                Thread.Sleep(100);
            }
    }
}
