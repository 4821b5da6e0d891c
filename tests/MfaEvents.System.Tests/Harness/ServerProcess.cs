using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace MfaEvents.SystemTests.Harness;

/// <summary>The server as a process of its own, on a free loopback port; only the process that was started is ended.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Process process;
    private readonly string dataDirectory;
    private readonly StringBuilder output = new();
    private readonly TaskCompletionSource<string> address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Api? api;

    private ServerProcess(ProcessStartInfo start, string dataDirectory)
    {
        this.dataDirectory = dataDirectory;
        Mint = options => Token.MintAsync(dataDirectory, options);
        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.Exited += (_, _) => address.TrySetException(new InvalidOperationException("The server ended before it was up."));
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => process.Id;

    /// <summary>From the process's start until /health/ready answered 200.</summary>
    public TimeSpan StartTook { get; private set; }

    public Api Api => api ?? throw new InvalidOperationException("The server was not waited for.");

    /// <summary>Everything the process wrote so far.</summary>
    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    /// <summary>Starts the built server as <c>ops/run</c> does and waits until it is ready.</summary>
    public static Task<ServerProcess> StartAsync(string dataDirectory, Settings? more = null) =>
        StartAsync("dotnet", [Path.Combine(Repository.ServerFolder, "MfaEvents.Server.dll")], dataDirectory, more);

    /// <summary>Starts a command that becomes the server, and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(
        string file, IEnumerable<string> arguments, string dataDirectory, Settings? more = null)
    {
        var watch = Stopwatch.StartNew();
        var server = Launch(file, arguments, dataDirectory, more);
        try
        {
            server.api = new Api(await server.address.Task.WaitAsync(Patience, TestContext.Current.CancellationToken));
            await Eventually.Holds("the server is ready", Patience, server.Api.IsReadyAsync);
            server.StartTook = watch.Elapsed;
            return server;
        }
        catch (Exception exception)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException($"The server did not start.\n{server.Output}", exception);
        }
    }

    /// <summary>Starts the built server and does not wait for it.</summary>
    public static ServerProcess Launch(string dataDirectory) =>
        Launch("dotnet", [Path.Combine(Repository.ServerFolder, "MfaEvents.Server.dll")], dataDirectory, null);

    /// <summary>Runs the built server to its end, for starts that must fail.</summary>
    public static Task<CommandResult> RunAsync(string dataDirectory, Settings? more = null) => Command.RunAsync(
        Environment(dataDirectory, more), "dotnet", Path.Combine(Repository.ServerFolder, "MfaEvents.Server.dll"));

    /// <summary>The environment of <c>ops/run</c>, with a free port.</summary>
    public static Settings Environment(string dataDirectory, Settings? more = null) => (more ?? Settings.None)
        .WithDefault("ASPNETCORE_ENVIRONMENT", "Development")
        .WithDefault("ASPNETCORE_URLS", "http://127.0.0.1:0")
        .WithDefault("MfaEvents__PerAddressPerMinute", "1000000")
        .WithDefault("MfaEvents__DataDirectory", dataDirectory);

    /// <summary>How tokens are minted for this server: with <c>ops/token</c>, unless another user has to.</summary>
    public Func<IEnumerable<string>, Task<string>> Mint { get; set; }

    public Task<string> TokenAsync(params IEnumerable<string> options) => Mint(options);

    /// <summary>SIGTERM; answers the exit code.</summary>
    public async Task<int> StopAsync()
    {
        (await Command.RunAsync("kill", "-TERM", Id.ToString(CultureInfo.InvariantCulture))).Succeeded();
        var ended = process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await ended.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    /// <summary>SIGKILL, to this process alone: nothing of it can clean up.</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: false);
        await process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) await KillAsync();
        process.Dispose();
        api?.Dispose();
        await Postgres.IsGone(dataDirectory);
    }

    private static ServerProcess Launch(string file, IEnumerable<string> arguments, string dataDirectory, Settings? more) =>
        new(Command.Start(file, arguments, Environment(dataDirectory, more)), dataDirectory);

    // The banner is the last thing a start prints, and it has the port that the system gave. In Production there is none; the log
    // has the port, and no address.
    private void Take(string? line)
    {
        const string listening = "Now listening on: ";
        if (line is null) return;
        lock (output) output.AppendLine(line);
        if (line.TrimStart().StartsWith("address ", StringComparison.Ordinal)) address.TrySetResult(line.Split(' ')[^1]);
        else if (line.Contains(listening, StringComparison.Ordinal)) address.TrySetResult(line.Split(listening)[1].Split('"')[0].Replace("***", "127.0.0.1", StringComparison.Ordinal));
    }
}
