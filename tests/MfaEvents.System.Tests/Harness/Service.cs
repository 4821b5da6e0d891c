namespace MfaEvents.SystemTests.Harness;

/// <summary>What the nodes of one service share: a PostgreSQL that none of them started, and the folder of their keys.</summary>
/// <param name="fsync">Whether a commit is on the disk when it is acknowledged.</param>
public sealed class Service(bool fsync = false) : IAsyncLifetime
{
    public OtherDatabase Database { get; } = new() { Fsync = fsync };

    public TestFolder Keys { get; } = new();

    /// <summary>What every node is told; a test adds its own.</summary>
    public Settings Settings => Database.Settings;

    public ValueTask InitializeAsync() => Database.InitializeAsync();

    public Task<ServerProcess> StartNodeAsync(Settings? settings = null) => ServerProcess.StartAsync(Keys.Data, settings ?? Settings);

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Keys.Dispose();
    }
}
