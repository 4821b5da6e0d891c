using MfaEvents.Server.EmbeddedPostgres;
using Npgsql;

namespace MfaEvents.SystemTests.Harness;

/// <summary>A PostgreSQL that the servers of a test did not start.</summary>
public sealed class OtherDatabase : IAsyncLifetime
{
    private EmbeddedPostgresServer postgres = null!;

    public TestFolder Folder { get; } = new();

    /// <summary>Whether a commit is on the disk when it is acknowledged.</summary>
    public bool Fsync { get; init; }

    public string ConnectionString => postgres.ConnectionString;

    public Settings Settings => Settings.None.With("ConnectionStrings__Mfa", ConnectionString);

    /// <summary>Starts it, or starts it again where it was.</summary>
    public async ValueTask InitializeAsync() => postgres = await EmbeddedPostgresServer.StartAsync(
        new EmbeddedPostgresOptions { DataDirectory = Folder.Data, Cache = Repository.PostgresCache, Fsync = Fsync },
        CancellationToken.None);

    /// <summary>The first column of every row.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken)) rows.Add(reader.GetValue(0).ToString()!);
        return rows;
    }

    /// <summary>The first column of the first row; empty without one.</summary>
    public async Task<string> QueryAsync(string sql) => (await RowsAsync(sql)).FirstOrDefault("");

    /// <summary>Ends it: at once and without a checkpoint (SIGQUIT), or as an administrator does, with its sessions ended first.
    /// </summary>
    public async Task StopAsync(bool immediately)
    {
        if (immediately)
        {
            var postmaster = File.ReadLines(Path.Combine(Postgres.Cluster(Folder.Data), "postmaster.pid")).First();
            (await Command.RunAsync("kill", "-QUIT", postmaster)).Succeeded();
            await Postgres.IsGone(Folder.Data);
        }

        await postgres.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await postgres.DisposeAsync();
        Folder.Dispose();
    }
}
