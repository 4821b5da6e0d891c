using DotNet.Testcontainers.Builders;
using MfaEvents.Server.EmbeddedPostgres;
using Npgsql;
using Testcontainers.PostgreSql;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>One PostgreSQL for the whole run: a container when an engine answers, else the product's embedded server, without fsync.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly IAsyncDisposable server;

    private TestDatabase(IAsyncDisposable server, string connectionString, string description) =>
        (this.server, ConnectionString, Description) = (server, connectionString, description);

    /// <summary>Leads to the server's first database; each host gets one of its own beside it.</summary>
    public string ConnectionString { get; }

    /// <summary>Which PostgreSQL this is, for the eyes of whoever runs the tests.</summary>
    public string Description { get; }

    public static async Task<TestDatabase> StartAsync(string folder)
    {
        try
        {
            var container = new PostgreSqlBuilder("postgres:17")
                .WithCommand("-c", "max_connections=300", "-c", "fsync=off", "-c", "full_page_writes=off")
                .Build();
            await container.StartAsync();
            return new TestDatabase(container, container.GetConnectionString(), "postgres:17 in a container");
        }
        catch (DockerUnavailableException)
        {
            return await StartEmbeddedAsync(folder, "no container engine answers");
        }
        catch (Docker.DotNet.DockerApiException exception)
        {
            return await StartEmbeddedAsync(folder, $"the container engine has no postgres:17 ({exception.StatusCode})");
        }
    }

    /// <summary>A new, empty database.</summary>
    public async Task<string> CreateAsync(string name)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"create database {name}", connection);
        await command.ExecuteNonQueryAsync();

        // Fewer than the server has, however many hosts there are; whoever finds none free waits.
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name, MaxPoolSize = 60, Timeout = 60 }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await server.DisposeAsync();
    }

    private static async Task<TestDatabase> StartEmbeddedAsync(string folder, string reason)
    {
        var options = new EmbeddedPostgresOptions
        {
            DataDirectory = Path.Combine(folder, "database"),
            Cache = Path.Combine(RepositoryRoot(), ".cache", "postgres"),
            Binaries = Environment.GetEnvironmentVariable("MfaEvents__EmbeddedPostgres__Binaries"),
            Fsync = false,
        };
        var server = await EmbeddedPostgresServer.StartAsync(options, CancellationToken.None);
        return new TestDatabase(server, server.ConnectionString, $"embedded PostgreSQL, fsync off ({reason})");
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MfaEvents.sln"))) folder = folder.Parent;
        return folder?.FullName ?? AppContext.BaseDirectory;
    }
}
