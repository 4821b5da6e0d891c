namespace MfaEvents.SystemTests.Harness;

/// <summary>One server for the tests that only ask it things.</summary>
public sealed class RunningServer : IAsyncLifetime
{
    public TestFolder Folder { get; } = new();

    public ServerProcess Process { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Process = await ServerProcess.StartAsync(Folder.Data);

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        Folder.Dispose();
    }
}
