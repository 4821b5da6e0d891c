using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Server.Access;

namespace MfaEvents.Benchmarks;

/// <summary>The server's API as its clients use it, on kept-alive connections.</summary>
public sealed class Api(Uri address, string dataDirectory, int connections) : IDisposable
{
    private static readonly TimeSpan Transit = TimeSpan.FromSeconds(3);

    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler
    {
        MaxConnectionsPerServer = connections,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
    });

    public string Token(params string[] arguments) =>
        DevelopmentTokens.Mint(dataDirectory, DevelopmentTokenRequest.Parse(arguments), TimeProvider.System.GetUtcNow());

    public async Task<string> RegisterAccountAsync(string token, string name)
    {
        var body = await CreateAsync(token, "/accounts", new
        {
            accountName = name,
            email = $"{name}@example.com",
            phone = "+14155550100",
            password = "correct horse battery staple",
        });
        return body.GetProperty("accountId").GetString()!;
    }

    public Task CreateUserAsync(string token, string accountId, string userName) =>
        CreateAsync(token, $"/accounts/{accountId}/users", new { userName });

    /// <summary>Assigns a device and activates it with the codes of the two steps before the present one.</summary>
    public async Task<Device> AddDeviceAsync(string token, string accountId, string principal, string deviceName)
    {
        var devices = $"/accounts/{accountId}/principals/{principal}/mfa-devices";
        var assigned = await CreateAsync(token, devices, new { deviceName, deviceType = "virtual" });
        var key = SecretKey.FromBase32(assigned.GetProperty("secretKey").GetString()!);
        var address = $"{devices}/{assigned.GetProperty("deviceId").GetString()}";

        // The request may arrive in the next step, and two steps back would be out of sync.
        var last = TimeStep.At(TimeProvider.System.GetUtcNow() + Transit) - 1;
        await SendAsync(token, address + "/codes", [HttpStatusCode.OK], JsonContent.Create(new
        {
            code1 = TotpCode.At(key, last - 1),
            code2 = TotpCode.At(key, last),
        }));
        return new Device(accountId, principal, new Uri(address + "/verifications", UriKind.Relative), key) { LastStep = last };
    }

    /// <summary>The measured request. Its answer is read whole and must be the expected one.</summary>
    public Task VerifyAsync(string token, Device device, string code, params HttpStatusCode[] expected) =>
        SendAsync(token, device.Verifications.OriginalString, expected, new ByteArrayContent(Encoding.ASCII.GetBytes($$"""{"code":"{{code}}"}"""))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        });

    public Task SignInAsync(string email, string password, params HttpStatusCode[] expected) =>
        SendAsync("", "/sign-ins", expected, JsonContent.Create(new { email, password }));

    public void Dispose() => http.Dispose();

    private async Task<JsonElement> CreateAsync(string token, string path, object body) =>
        JsonSerializer.Deserialize<JsonElement>(await SendAsync(token, path, [HttpStatusCode.Created], JsonContent.Create(body)));

    private async Task<byte[]> SendAsync(string token, string path, HttpStatusCode[] expected, HttpContent content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path))
        {
            Content = content,
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
        using var response = await http.SendAsync(request, CancellationToken.None);
        var body = await response.Content.ReadAsByteArrayAsync();
        return expected.Contains(response.StatusCode)
            ? body
            : throw new InvalidOperationException($"{path} answered {(int)response.StatusCode}: {Encoding.UTF8.GetString(body)}");
    }
}
