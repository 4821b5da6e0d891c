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

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
