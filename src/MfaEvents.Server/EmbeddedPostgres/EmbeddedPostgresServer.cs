using System.Runtime.Versioning;
using Npgsql;

namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>
/// A PostgreSQL server of this process's own, on a Unix socket, in the product's data directory. It stops cleanly with
/// <see cref="DisposeAsync"/> and when the process ends in any other way, kill -9 included.
/// </summary>
public sealed class EmbeddedPostgresServer : IAsyncDisposable
{
    private const string Database = "mfa";

    // Backends of a killed postmaster end within their current statement.
    private static readonly TimeSpan PatienceWithBackends = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly IDisposable data;
    private readonly IAsyncDisposable watcher;

    private EmbeddedPostgresServer(IDisposable data, IAsyncDisposable watcher, string connectionString) =>
        (this.data, this.watcher, ConnectionString) = (data, watcher, connectionString);

    /// <summary>Npgsql's connection string of the database <c>mfa</c>; there is no secret in it.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts the server, after making cluster and database where they are missing.</summary>
    /// <exception cref="EmbeddedPostgresException">What keeps it from running, in one sentence.</exception>
    public static async Task<EmbeddedPostgresServer> StartAsync(
        EmbeddedPostgresOptions options, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new EmbeddedPostgresException(
                "There is no embedded database on Windows: name a PostgreSQL in ConnectionStrings:Mfa.");
        }

        var data = DataDirectory.Take(options.DataDirectory);
        try
        {
            var (watcher, socketDirectory) = await StartAsync(data, options, cancellationToken);
            try
            {
                return new(data, watcher, await EnsureDatabaseAsync(socketDirectory, cancellationToken));
            }
            catch
            {
                await watcher.DisposeAsync();
                throw;
            }
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await watcher.DisposeAsync();
        data.Dispose();
    }

    [UnsupportedOSPlatform("windows")]
    private static async Task<(Watcher Watcher, string SocketDirectory)> StartAsync(
        DataDirectory data, EmbeddedPostgresOptions options, CancellationToken cancellationToken)
    {
        if (await ServerUser.BlockedAtAsync(data.Path, cancellationToken) is { } blocked)
        {
            throw new EmbeddedPostgresException(
                $"PostgreSQL runs as the user {ServerUser.Name}, who may not enter {blocked}: allow it (chmod o+x {blocked}),"
                + " or set MfaEvents:DataDirectory to a folder elsewhere.");
        }

        Cluster cluster = new(data);
        var binaries = await PostgresBinaries.FindAsync(options, cluster.Major, cancellationToken);
        await cluster.EnsureAsync(binaries, options.Fsync, cancellationToken);
        await cluster.StopPredecessorAsync(binaries, cancellationToken);

        ServerLog log = new(data["postgres.log"]);
        var deadline = DateTime.UtcNow + PatienceWithBackends;
        while (true)
        {
            var socketDirectory = await SocketDirectory.CreateAsync(data, cancellationToken);
            cluster.Configure(socketDirectory, options.Fsync);
            await log.PrepareAsync(cancellationToken);
            if (await Watcher.StartAsync(binaries, cluster.Folder, log.Path, socketDirectory, cancellationToken) is { } watcher)
                return (watcher, socketDirectory);

            if (!log.BackendsWereLeft() || DateTime.UtcNow > deadline)
                throw new EmbeddedPostgresException($"PostgreSQL did not start: {log.Reason()} (see {log.Path}).");
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static async Task<string> EnsureDatabaseAsync(string socketDirectory, CancellationToken cancellationToken)
    {
        NpgsqlConnectionStringBuilder target = new() { Host = socketDirectory, Username = "postgres", Database = Database };
        NpgsqlConnectionStringBuilder maintenance = new(target.ConnectionString) { Database = "postgres", Pooling = false };

        await using NpgsqlConnection connection = new(maintenance.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand exists = new("SELECT 1 FROM pg_database WHERE datname = $1", connection)
        {
            Parameters = { new() { Value = Database } },
        };
        if (await exists.ExecuteScalarAsync(cancellationToken) is null)
        {
            await using NpgsqlCommand create = new($"CREATE DATABASE {Database}", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        return target.ConnectionString;
    }
}
