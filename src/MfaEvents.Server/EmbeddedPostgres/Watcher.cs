using System.Diagnostics;
using System.Runtime.Versioning;

namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>
/// A shell between this process and PostgreSQL: it starts the server, and stops it when its standard input ends, which the
/// kernel sees to however this process ends.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class Watcher : IAsyncDisposable
{
    private const string Ready = "ready";

    // $1 binaries, $2 cluster, $3 log, $4 socket folder. pg_ctl's time limit is no help: recovery takes what it takes.
    private const string Script = $"""
        exec 2>>"$3"
        trap '' HUP INT TERM
        if "$1/pg_ctl" start -s -w -t 86400 -D "$2" >>"$3"; then
            echo {Ready}
            exec >>"$3"
            cat >/dev/null
        fi
        "$1/pg_ctl" stop -s -w -t 86400 -m fast -D "$2" >/dev/null 2>&1
        rmdir "$4" 2>/dev/null
        """;

    // A session of its own where the system has the program for it (Linux): Ctrl-C, or kill -9 of the process group, then
    // ends this process alone, and the watcher is there to stop PostgreSQL after it.
    private const string Detached = """command -v setsid >/dev/null && exec setsid "$@"; exec "$@" """;

    private readonly Process shell;

    private Watcher(Process shell) => this.shell = shell;

    /// <summary>Starts PostgreSQL; null when it ended before it accepted connections, for a reason that is in its log.</summary>
    public static async Task<Watcher?> StartAsync(
        PostgresBinaries binaries, string cluster, string log, string socketDirectory, CancellationToken cancellationToken)
    {
        Watcher watcher = new(ServerUser.Start(ServerUser.Command(
            "/bin/sh", "-c", Detached, "sh", "/bin/sh", "-c", Script, "mfaevents-postgres",
            binaries.Folder, cluster, log, socketDirectory)));
        try
        {
            if (await watcher.shell.StandardOutput.ReadLineAsync(cancellationToken) == Ready)
                return watcher;
        }
        catch (OperationCanceledException)
        {
            await ServerUser.RunAsync(binaries.PgCtl, ["stop", "-D", cluster, "-m", "fast", "-W"], CancellationToken.None);
            await watcher.DisposeAsync();
            throw;
        }

        await watcher.DisposeAsync();
        return null;
    }

    /// <summary>Stops PostgreSQL cleanly (fast shutdown) and waits until it has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        shell.StandardInput.Close();
        await shell.WaitForExitAsync();
        shell.Dispose();
    }
}
