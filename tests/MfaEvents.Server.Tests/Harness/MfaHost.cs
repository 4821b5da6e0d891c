using System.Collections.Concurrent;
using System.Text.Json;
using Alba;
using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Hosting;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using Npgsql;
using Wolverine;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>The server under test, in this process, on its own database.</summary>
public sealed class MfaHost : IAsyncDisposable
{
    private readonly IAlbaHost host;
    private readonly string dataDirectory;
    private readonly string connectionString;
    private readonly ConcurrentDictionary<string, string> tokens = new();

    private MfaHost(IAlbaHost host, string dataDirectory, string connectionString)
    {
        (this.host, this.dataDirectory, this.connectionString) = (host, dataDirectory, connectionString);
        Client = host.Server.CreateClient();
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => host.Services;

    public IDocumentStore Store => Services.GetRequiredService<IDocumentStore>();

    public string DataDirectory => dataDirectory;

    /// <summary>Where mail lands while no mail server is configured.</summary>
    public string Outbox => Path.Combine(dataDirectory, "outbox");

    public TestClock Clock => Services.GetRequiredService<TestClock>();

    public static async Task<MfaHost> StartAsync(
        string connectionString, string dataDirectory, IReadOnlyDictionary<string, string> settings, Action<IServiceCollection>? services)
    {
        var host = await AlbaHost.For<Program>(web =>
        {
            // They arrive as arguments of Program, before it reads its settings.
            web.UseEnvironment("Development");
            web.UseSetting("ConnectionStrings:Mfa", connectionString);
            web.UseSetting("MfaEvents:DataDirectory", dataDirectory);

            // All of a run comes from few addresses.
            web.UseSetting("MfaEvents:PerAddressPerMinute", "1000000");
            foreach (var (name, value) in settings) web.UseSetting(name, value);
            web.ConfigureServices(collection =>
            {
                var clock = new TestClock();
                collection.AddSingleton(clock);
                collection.AddSingleton<TimeProvider>(clock);
                collection.AddSingleton<IStartupFilter, TestConditions>();
                collection.ConfigureMarten(store => store.Events.TimeProvider = clock);
                collection.RunWolverineInSoloMode();
                services?.Invoke(collection);
            });
        });
        return new MfaHost(host, dataDirectory, connectionString);
    }

    /// <summary>A token as <c>ops/token</c> prints them.</summary>
    public string Token(DevelopmentTokenRequest request)
    {
        var key = JsonSerializer.Serialize(request with { AuthenticationAge = default })
            + (DateTimeOffset.UtcNow - request.AuthenticationAge).ToUnixTimeSeconds();
        return tokens.GetOrAdd(key, _ => DevelopmentTokens.Mint(dataDirectory, request, DateTimeOffset.UtcNow));
    }

    /// <summary>The events of a stream, oldest first.</summary>
    public async Task<IReadOnlyList<IEvent>> EventsAsync(string accountId, string stream)
    {
        await using var session = Store.QuerySession(accountId);
        return await session.Events.FetchStreamAsync(stream);
    }

    /// <summary>The state that a principal's next decision will rest on.</summary>
    public async Task<PrincipalMfa?> PrincipalAsync(string accountId, string principal)
    {
        await using var session = Store.QuerySession(accountId);
        return await session.LoadAsync<PrincipalMfa>(principal);
    }

    /// <summary>The rows of a query, each as its only column's text.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(string sql, params object[] values)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync()) rows.Add(await reader.IsDBNullAsync(0) ? "" : reader.GetValue(0).ToString()!);
        return rows;
    }

    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Handles a message in an account, as if it had come due.</summary>
    public async Task HandleAsync(string accountId, object message)
    {
        await using var scope = Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeForTenantAsync(accountId, message);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await host.DisposeAsync();
    }
}
