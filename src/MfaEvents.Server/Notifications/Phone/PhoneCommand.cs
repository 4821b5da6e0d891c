using System.Text.Json;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Notifications.Phone;

/// <summary><c>ops/phone CALL_ID DIGITS</c>: answers a call of the outbox, signed as a gateway signs.</summary>
public static class PhoneCommand
{
    private const string Usage = "usage: ops/phone CALL_ID DIGITS";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        if ((configuration["ASPNETCORE_ENVIRONMENT"] ?? Environments.Development) != Environments.Development)
            return Say("ops/phone answers calls in Development only.", 1);
        if (arguments is not [{ } id, { Length: > 0 } digits]
            || Uuid.Parse(id) is not { } callId
            || !digits.All(char.IsAsciiDigit))
            return Say(Usage, 2);

        try
        {
            var settings = MfaEventsSettings.Read(configuration);
            var file = OutboxTelephony.FileOf(settings.DataDirectory, callId);
            var call = JsonSerializer.Deserialize<PlacedCall>(await File.ReadAllTextAsync(file), Json.Options)!;

            // The process that placed the call may be gone, and another of the same service be reached elsewhere.
            var callback = configuration["MFA_EVENTS"] is { Length: > 0 } address
                ? address.TrimEnd('/') + CallBack.PathOf(callId)
                : call.Callback;
            return await KeyAsync(callback, digits, TelephonySecret.Of(settings));
        }
        catch (SettingsException exception)
        {
            return Say(exception.Message, 2);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Say($"There is no call {callId} in the outbox.", 1);
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or HttpRequestException or TaskCanceledException
                or UriFormatException)
        {
            return Say($"The call cannot be answered: {exception.Message}", 1);
        }
    }

    private static async Task<int> KeyAsync(string callback, string digits, byte[] secret)
    {
        var body = DevelopmentPhone.BodyOf(digits);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
        using var request = new HttpRequestMessage(HttpMethod.Post, callback) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Add(TelephonySignature.Header, TelephonySignature.Make(secret, body, DateTimeOffset.UtcNow).Text());
        using var response = await http.SendAsync(request);
        return response.IsSuccessStatusCode
            ? 0
            : Say($"The call was not answered ({(int)response.StatusCode}): {await response.Content.ReadAsStringAsync()}", 1);
    }

    private static int Say(string sentence, int exitCode)
    {
        System.Console.Error.WriteLine(sentence);
        return exitCode;
    }
}
