using Microsoft.Net.Http.Headers;

namespace MfaEvents.ConsoleTests.Harness;

/// <summary>
/// Somebody with a program that keeps cookies as a browser does, and goes nowhere by itself. Behind a proxy with TLS it says so in the
/// proxy's place.
/// </summary>
public sealed class CookieClient(string address, bool behindTls = false) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        BaseAddress = new Uri(address),
    };

    private readonly Dictionary<(string Host, string Name), string> jar = [];

    /// <summary>The cookies that answers asked for, in lower case, the newest last.</summary>
    public List<string> Cookies { get; } = [];

    public async Task<HttpResponseMessage> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        var host = new Uri(http.BaseAddress!, path).Authority;
        var kept = jar.Where(cookie => cookie.Key.Host == host).Select(cookie => $"{cookie.Key.Name}={cookie.Value}").ToList();
        request.Headers.Add("Accept", "text/html");
        if (kept.Count > 0) request.Headers.Add("Cookie", string.Join("; ", kept));
        if (behindTls) request.Headers.Add("X-Forwarded-Proto", "https");

        var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        if (!answer.Headers.TryGetValues("Set-Cookie", out var asked)) return answer;
        foreach (var cookie in SetCookieHeaderValue.ParseList([.. asked]))
        {
            Cookies.Add(cookie.ToString().ToLowerInvariant());
            if (cookie.Expires <= DateTimeOffset.UtcNow) jar.Remove((host, cookie.Name.ToString()));
            else jar[(host, cookie.Name.ToString())] = cookie.Value.ToString();
        }

        return answer;
    }

    public void Dispose() => http.Dispose();
}
