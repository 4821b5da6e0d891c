using MfaEvents.Server.EmbeddedPostgres;

namespace MfaEvents.SystemTests;

/// <summary>A PostgreSQL that the servers of a test did not start.</summary>
public sealed class OtherDatabase : IAsyncLifetime
{
    private EmbeddedPostgresServer postgres = null!;

    public TestFolder Folder { get; } = new();

    public string ConnectionString => postgres.ConnectionString;

    public Settings Settings => Settings.None.With("ConnectionStrings__Mfa", ConnectionString);

    public async ValueTask InitializeAsync() => postgres = await EmbeddedPostgresServer.StartAsync(
        new EmbeddedPostgresOptions { DataDirectory = Folder.Data, Cache = Repository.PostgresCache, Fsync = false },
        CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await postgres.DisposeAsync();
        Folder.Dispose();
    }
}
