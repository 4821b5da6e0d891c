using System.Net;

namespace MfaEvents.Server.Operations;

/// <summary>
/// <c>healthcheck</c>: asks the server of this machine, or container, whether it is ready. An image needs no curl for that.
/// </summary>
public static class HealthcheckCommand
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <returns>The exit code: 0 when the server is ready, otherwise 1 and a sentence on standard error.</returns>
    public static async Task<int> RunAsync()
    {
        var configuration = new ConfigurationBuilder()
            .AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables("ASPNETCORE_").Build();
        if (Address(configuration["URLS"], configuration["HTTP_PORTS"]) is not { } address)
        {
            await System.Console.Error.WriteLineAsync(
                "healthcheck: the server listens on no plain HTTP address (ASPNETCORE_URLS, ASPNETCORE_HTTP_PORTS).");
            return 1;
        }

        try
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
            using var answer = await client.GetAsync(new Uri(address, "health/ready"));
            if (answer.StatusCode == HttpStatusCode.OK) return 0;
            await System.Console.Error.WriteLineAsync($"healthcheck: {address} answers {(int)answer.StatusCode}.");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            await System.Console.Error.WriteLineAsync($"healthcheck: {address} does not answer.");
        }

        return 1;
    }

    /// <summary>
    /// The first plain HTTP address the server was told to listen on, as seen from beside it; null when there is none.
    /// Addresses go before ports, and without either it is Kestrel's own choice, port 5000.
    /// </summary>
    public static Uri? Address(string? urls, string? ports)
    {
        const StringSplitOptions tidy = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var given = urls?.Split(';', tidy) ?? [];
        if (given.Length == 0) given = [.. (ports ?? "").Split(';', tidy).Select(port => $"http://*:{port}")];
        if (given.Length == 0) given = ["http://localhost:5000"];
        var first = given.Select(BindingAddress.Parse)
            .FirstOrDefault(binding => binding.Scheme == Uri.UriSchemeHttp && !binding.IsUnixPipe);
        return first is null ? null : new UriBuilder(first.Scheme, Beside(first.Host), first.Port, first.PathBase + "/").Uri;
    }

    private static string Beside(string host) => host is "*" or "+" or "0.0.0.0" or "[::]" ? "localhost" : host;
}
