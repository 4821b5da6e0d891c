using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Jobs;

/// <summary>
/// <c>ops/rebuild NAME [--account ID]</c>: starts a rebuild on a running service, shows how far it is, and ends with 0 when it succeeded, with 1
/// when it did not. The token is that of the environment variable <c>MFA_EVENTS_TOKEN</c>; in Development it mints one itself.
/// </summary>
public static class RebuildCommand
{
    private const string Usage = "usage: ops/rebuild NAME [--account ID]";
    private const int BarLength = 30;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var (name, accountId) = arguments switch
        {
            [{ Length: > 0 } all] when !all.StartsWith('-') => (all, null),
            [{ Length: > 0 } one, "--account", { Length: > 0 } id] when !one.StartsWith('-') => (one, id),
            _ => (null, (string?)null),
        };
        if (name is null) return Say(Usage, 2);
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var address = configuration["MFA_EVENTS"] ?? configuration["ASPNETCORE_URLS"]?.Split(';')[0] ?? "http://localhost:5080";
        try
        {
            if (TokenOf(configuration) is not { } token)
                return Say("Outside of Development an operator's token is needed in MFA_EVENTS_TOKEN.", 2);
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address) };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var started = await http.PostAsJsonAsync(
                $"/projections/{Uri.EscapeDataString(name)}/rebuilds", new StartRebuild(accountId), Json.Options);
            if (started.StatusCode != HttpStatusCode.Accepted) return Say(await ProblemOf(started), 1);
            return await FollowAsync(http, started.Headers.Location!);
        }
        catch (SettingsException exception)
        {
            return Say(exception.Message, 2);
        }
        catch (Exception exception) when (
            exception is HttpRequestException or TaskCanceledException or UriFormatException or IOException or UnauthorizedAccessException)
        {
            return Say($"The service at {address} cannot be reached: {exception.Message}", 1);
        }
    }

    private static async Task<int> FollowAsync(HttpClient http, Uri location)
    {
        System.Console.CancelKeyPress += (_, _) =>
            System.Console.Error.WriteLine($"\nIt goes on without this terminal; POST {location}/cancellation ends it.");
        while (true)
        {
            var rebuild = (await http.GetFromJsonAsync<RebuildView>(location, Json.Options))!;
            Show(rebuild);
            if (rebuild.State == RebuildState.Running)
            {
                await Task.Delay(Pause);
                continue;
            }

            if (!System.Console.IsErrorRedirected) await System.Console.Error.WriteLineAsync();
            System.Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{rebuild.State}: {rebuild.EventsDone} events, {rebuild.EventsPerSecond:F0} a second; {rebuild.Parity.RowsCompared} rows compared, {rebuild.Parity.Missing} had been lost, {rebuild.Parity.Differences} differ. {rebuild.Outcome}"));
            foreach (var example in rebuild.Parity.Examples) System.Console.WriteLine($"  {example}");
            return rebuild.State == RebuildState.Succeeded ? 0 : 1;
        }
    }

    // A bar for somebody who looks on; whoever keeps the output is told of the end alone.
    private static void Show(RebuildView rebuild)
    {
        if (System.Console.IsErrorRedirected) return;
        var share = rebuild.EventsTotal == 0 ? 0 : (double)rebuild.EventsDone / rebuild.EventsTotal;
        var done = (int)(share * BarLength);
        var left = rebuild.RemainingSeconds is { } seconds ? $", {seconds:F0} s left" : "";
        System.Console.Error.Write(
            $"\r[{new string('#', done)}{new string('.', BarLength - done)}] {share:P0} {rebuild.EventsDone} of {rebuild.EventsTotal} events, {rebuild.EventsPerSecond:F0} a second{left}   ");
    }

    private static string? TokenOf(IConfiguration configuration)
    {
        if (configuration["MFA_EVENTS_TOKEN"] is { Length: > 0 } given) return given;
        if ((configuration["ASPNETCORE_ENVIRONMENT"] ?? Environments.Development) != Environments.Development) return null;
        var request = new DevelopmentTokenRequest { Roles = ["operator"], Subject = "operator", Accounts = [], AuthenticationMethods = [] };
        return DevelopmentTokens.Mint(MfaEventsSettings.Read(configuration).DataDirectory, request, DateTimeOffset.UtcNow);
    }

    private static async Task<string> ProblemOf(HttpResponseMessage answer)
    {
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return problem.GetProperty("detail").GetString()!;
    }

    private static int Say(string sentence, int code)
    {
        System.Console.Error.WriteLine(sentence);
        return code;
    }
}
