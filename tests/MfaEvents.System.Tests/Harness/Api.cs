using System.Net.Http.Headers;
using System.Net.Http.Json;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Server.Access;

namespace MfaEvents.SystemTests.Harness;

/// <summary>What a server answered.</summary>
public sealed record Reply(int Status, JsonNode? Body);

/// <summary>One caller of one server.</summary>
public sealed class Api(string address, string token) : IDisposable
{
    private readonly HttpClient http = new()
    {
        BaseAddress = new Uri(address),
        Timeout = TimeSpan.FromSeconds(60),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
    };

    public static Api Provisioner(ServerProcess server) => As(server, "--role", "provisioner");

    public static Api Owner(ServerProcess server, string account) =>
        As(server, "--role", "owner", "--account", account, "--principal", "root", "--amr", "pwd,otp");

    public static Api Service(ServerProcess server, string account) => As(server, "--role", "service", "--account", account);

    public async Task<Reply> SendAsync(HttpMethod method, string path, object? body = null, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = JsonContent.Create(body);
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new Reply((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Reply> PostAsync(string path, object body, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Post, path, body, idempotencyKey);

    public void Dispose() => http.Dispose();

    private static Api As(ServerProcess server, params string[] request) =>
        new(server.Address, DevelopmentTokens.Mint(server.DataDirectory, DevelopmentTokenRequest.Parse(request), DateTimeOffset.UtcNow));
}

public static class Scenarios
{
    public static string Devices(string account) => $"/accounts/{account}/principals/root/mfa-devices";

    public static object Registration(string email) =>
        new { accountName = "Acme", email, phone = "+14155550100", password = "correct horse battery staple" };

    public static string AnyEmail() => $"root-{Guid.NewGuid():N}@example.com";

    public static async Task<string> RegisteredAccountAsync(this ServerProcess server)
    {
        using var provisioner = Api.Provisioner(server);
        var reply = await provisioner.PostAsync("/accounts", Registration(AnyEmail()));
        reply.Status.ShouldBe(201);
        return reply.Body!["accountId"]!.GetValue<string>();
    }

    public static async Task<JsonNode> AssignedDeviceAsync(this Api owner, string account, string name)
    {
        var reply = await owner.PostAsync(Devices(account), new { deviceName = name, deviceType = "virtual" });
        reply.Status.ShouldBe(201);
        return reply.Body!;
    }

    /// <summary>Activates a device with the codes of the step before and of this one.</summary>
    public static async Task ActivatedAsync(this Api owner, string account, JsonNode device)
    {
        var (key, step) = (SecretKey.FromBase32(device["secretKey"]!.GetValue<string>()), TimeStep.At(DateTimeOffset.UtcNow));
        var reply = await owner.PostAsync(
            $"{Devices(account)}/{device["deviceId"]}/codes",
            new { code1 = TotpCode.At(key, step - 1), code2 = TotpCode.At(key, step) });
        reply.Status.ShouldBe(200);
        reply.Body!["status"]!.GetValue<string>().ShouldBe("active");
    }

    public static async Task<JsonArray> HistoryAsync(this Api caller, string account) =>
        (await caller.GetAsync($"/accounts/{account}/principals/root/history")).Body!["items"]!.AsArray();
}
