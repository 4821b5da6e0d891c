using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MfaEvents.SystemTests.Harness;

/// <summary>A server that runs as a process of its own.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process process;
    private readonly StringBuilder output = new();

    private ServerProcess(Process process, string dataDirectory, string address)
    {
        this.process = process;
        DataDirectory = dataDirectory;
        Address = address;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string DataDirectory { get; }

    public string Address { get; }

    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    public int ExitCode => process.ExitCode;

    /// <summary>Starts it as the last line of <c>ops/run</c> does, and waits until it is ready or has ended.</summary>
    public static Task<ServerProcess> StartAsync(string dataDirectory, params (string Name, string Value)[] environment) =>
        StartAsync("dotnet", [Repository.Server], dataDirectory, environment);

    public static async Task<ServerProcess> StartAsync(
        string file, IEnumerable<string> arguments, string dataDirectory, params (string Name, string Value)[] environment)
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var server = new ServerProcess(
            Command.Start(file, arguments,
            [
                ("ASPNETCORE_ENVIRONMENT", "Development"),
                ("ASPNETCORE_URLS", address),
                ("MfaEvents__DataDirectory", dataDirectory),
                .. environment,
            ]),
            dataDirectory,
            address);

        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var waiting = Stopwatch.StartNew();
        while (!server.process.HasExited && waiting.Elapsed < Patience && !await IsReadyAsync(http, address)) await Task.Delay(50);
        if (server.process.HasExited) await server.process.WaitForExitAsync();
        return server;
    }

    public bool IsRunning => !process.HasExited;

    public void Kill() => process.Kill();

    /// <summary>SIGTERM, and its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        if (IsRunning)
            using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
                await kill.WaitForExitAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        await TerminateAsync();
        process.Dispose();
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, string address)
    {
        try
        {
            return (await http.GetAsync(new Uri($"{address}/health/ready"))).IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Keep(string? line)
    {
        lock (output) output.AppendLine(line);
    }
}
