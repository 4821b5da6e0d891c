namespace MfaEvents.SystemTests.Harness;

/// <summary>A data directory that is gone after its test.</summary>
public sealed class DataDirectory : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"mfaevents-test-{Guid.NewGuid():N}"[..26]);

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }
}
