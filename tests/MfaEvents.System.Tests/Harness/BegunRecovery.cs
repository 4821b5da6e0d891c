using System.Text;
using System.Text.RegularExpressions;

namespace MfaEvents.SystemTests.Harness;

/// <summary>A recovery, whose mail lies in the outbox of a data directory.</summary>
public sealed record BegunRecovery(string Id, string Key, string DataDirectory)
{
    private string Mail => Path.Combine(DataDirectory, "outbox", $"recovery.{Id}.eml");

    public Task<Reply> PostAsync(Stranger by, string what, JsonObject? body = null) =>
        by.PostAsync($"/recoveries/{Id}/{what}", body, ("Recovery-Key", Key));

    public async Task<string?> StepAsync(Stranger by) =>
        (await by.SendAsync(HttpMethod.Get, $"/recoveries/{Id}", null, ("Recovery-Key", Key))).ShouldBe(200)["step"];

    /// <summary>The token of a link in the mail; waits for the mail.</summary>
    public async Task<string> LinkAsync(string page)
    {
        await Eventually.Holds("the mail is sent", TimeSpan.FromSeconds(60), () => Task.FromResult(File.Exists(Mail)));
        var mail = await File.ReadAllTextAsync(Mail, TestContext.Current.CancellationToken);

        // Quoted-printable: a line ends with "=" where it goes on, and "=3D" is "=".
        return Regex.Match(
            Regex.Replace(mail, "=\r?\n", "").Replace("=3D", "=", StringComparison.Ordinal),
            $@"/links/{page}\?token=([0-9]{{12}}\.[A-Za-z0-9_-]{{43}})").Groups[1].Value;
    }
}

/// <summary>Somebody without a token.</summary>
public sealed class Stranger(string address) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address) };

    public Task<Reply> PostAsync(string path, JsonObject? body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, body, headers);

    public async Task<Reply> SendAsync(HttpMethod method, string path, JsonObject? body, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, path);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Reply((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    public void Dispose() => http.Dispose();
}
