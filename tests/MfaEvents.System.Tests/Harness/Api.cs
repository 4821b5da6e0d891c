using System.Net.Http.Headers;
using System.Text;

namespace MfaEvents.SystemTests.Harness;

/// <summary>What the server answered.</summary>
public sealed record Reply(int Status, JsonNode? Body)
{
    public string? Location { get; init; }

    /// <summary>The end of a problem's <c>type</c>.</summary>
    public string? Slug => this["type"]?.Split(':')[^1];

    public string? this[string member] => (Body as JsonObject)?[member]?.ToString();

    public Reply ShouldBe(int status)
    {
        Status.ShouldBe(status, Body?.ToJsonString());
        return this;
    }
}

/// <summary>HTTP to one server process.</summary>
public sealed class Api(string address) : IDisposable
{
    // Above the 100 connections that many parallel requests of a test may take, and no proxy of the machine's.
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 200 })
    {
        BaseAddress = new Uri(address),
        Timeout = TimeSpan.FromSeconds(60),
    };

    public string Address { get; } = address;

    public void Dispose() => http.Dispose();

    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public Task<Reply> GetAsync(string path, string token) => SendAsync(HttpMethod.Get, path, token, null, null);

    public Task<Reply> PostAsync(string path, string token, JsonObject body, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Post, path, token, body, idempotencyKey);

    public Task<Reply> PatchAsync(string path, string token, JsonObject body) =>
        SendAsync(HttpMethod.Patch, path, token, body, null);

    public Task<Reply> DeleteAsync(string path, string token) => SendAsync(HttpMethod.Delete, path, token, null, null);

    private async Task<Reply> SendAsync(HttpMethod method, string path, string token, JsonObject? body, string? idempotencyKey)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Reply((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text))
        {
            Location = response.Headers.Location?.OriginalString,
        };
    }
}
