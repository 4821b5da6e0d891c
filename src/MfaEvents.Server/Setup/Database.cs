using MfaEvents.Server.EmbeddedPostgres;
using Npgsql;

namespace MfaEvents.Server.Setup;

/// <summary>
/// The PostgreSQL this process stands on: the one that is configured, else the embedded one of a developer's machine.
/// </summary>
public sealed class Database : IAsyncDisposable
{
    private readonly EmbeddedPostgresServer? embedded;

    private Database(string connectionString, EmbeddedPostgresServer? embedded)
    {
        var given = new NpgsqlConnectionStringBuilder(connectionString);

        // A request that waits for a lock holds a connection: it gives up (503) before it is felt by everybody. No statement
        // hangs, and no transaction of a node that is gone keeps its locks. The connection string's own Options come last, and
        // win.
        given.Options =
            $"-c lock_timeout=5s -c statement_timeout=25s -c idle_in_transaction_session_timeout=30s {given.Options}".Trim();
        if (given.TcpKeepAliveTime == 0 && given.Host?.StartsWith('/') == false)
            (given.TcpKeepAlive, given.TcpKeepAliveTime, given.TcpKeepAliveInterval) = (true, 15, 5);

        // By default a connection is reset, and its prepared plans forgotten, at each return to the pool.
        given.NoResetOnClose = true;
        given.MaxAutoPrepare = 100;
        given.AutoPrepareMinUsages = 2;
        given.ApplicationName = "MfaEvents";
        ConnectionString = given.ConnectionString;
        this.embedded = embedded;
    }

    public string ConnectionString { get; }

    public bool IsEmbedded => embedded is not null;

    /// <summary>Opens the database of <c>ConnectionStrings:Mfa</c>, or starts the embedded one.</summary>
    /// <exception cref="SettingsException">The connection string cannot be read.</exception>
    /// <exception cref="EmbeddedPostgresException">The embedded database cannot start; the message says why in one
    /// sentence.</exception>
    public static async Task<Database> OpenAsync(IConfiguration configuration, MfaEventsSettings settings)
    {
        try
        {
            if (configuration.GetConnectionString("Mfa") is { Length: > 0 } given) return new Database(given, null);
        }
        catch (ArgumentException exception)
        {
            throw new SettingsException(
                "The configuration is wrong: ConnectionStrings:Mfa is no PostgreSQL connection string.", exception);
        }

        var options = new EmbeddedPostgresOptions
        {
            DataDirectory = settings.DataDirectory,
            Binaries = settings.EmbeddedPostgres.Binaries,
        };
        if (settings.EmbeddedPostgres.Cache is { } cache) options = options with { Cache = cache };
        var server = await EmbeddedPostgresServer.StartAsync(options, CancellationToken.None);
        return new Database(server.ConnectionString, server);
    }

    public ValueTask DisposeAsync() => embedded?.DisposeAsync() ?? ValueTask.CompletedTask;
}
