namespace MfaEvents.ConsoleTests.Harness;

/// <summary>Somebody with a program that keeps cookies as a browser does, and goes nowhere by itself.</summary>
public sealed class CookieClient(string address) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new() })
    {
        BaseAddress = new Uri(address),
    };

    /// <summary>The cookies that answers asked for, in lower case, the newest last.</summary>
    public List<string> Cookies { get; } = [];

    public async Task<HttpResponseMessage> GetAsync(string path)
    {
        var answer = await http.GetAsync(path, TestContext.Current.CancellationToken);
        if (answer.Headers.TryGetValues("Set-Cookie", out var cookies)) Cookies.AddRange(cookies.Select(cookie => cookie.ToLowerInvariant()));
        return answer;
    }

    public void Dispose() => http.Dispose();
}
