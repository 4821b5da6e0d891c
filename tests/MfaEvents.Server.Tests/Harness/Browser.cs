using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>What a browser shows.</summary>
public sealed record ShownPage(int Status, string Address, string Html, HttpResponseMessage Answer)
{
    public string Heading => WebUtility.HtmlDecode(Regex.Match(Html, "<h1>(.*?)</h1>").Groups[1].Value);

    public string? Problem => Regex.Match(Html, """role="alert"[^>]*>(.*?)</p>""", RegexOptions.Singleline) is { Success: true } found
        ? WebUtility.HtmlDecode(Regex.Replace(found.Groups[1].Value, "<.*?>", "")).Trim()
        : null;

    /// <summary>The hidden fields of the only form.</summary>
    public (string Name, string Value)[] HiddenFields => [.. Regex.Matches(Html, """<input type="hidden" name="(.*?)" value="(.*?)" />""")
        .Select(match => (match.Groups[1].Value, WebUtility.HtmlDecode(match.Groups[2].Value)))];

    /// <summary>The hidden fields of the form with this handler, or with this action.</summary>
    public IReadOnlyDictionary<string, string> Hidden(string form)
    {
        var found = Regex.Matches(Html, "<form.*?</form>", RegexOptions.Singleline).Select(match => match.Value)
            .Single(text => text.Contains($"name=\"_handler\" value=\"{form}\"", StringComparison.Ordinal) || text.Contains($"action=\"{form}\"", StringComparison.Ordinal));
        return Regex.Matches(found, """<input type="hidden" name="(.*?)" value="(.*?)" />""")
            .ToDictionary(match => match.Groups[1].Value, match => WebUtility.HtmlDecode(match.Groups[2].Value));
    }
}

/// <summary>A browser without scripts: cookies, forms and redirects.</summary>
public sealed class Browser(MfaHost host, Moment? time = null)
{
    private string at = "/console";

    public Dictionary<string, string> Cookies { get; init; } = [];

    public ShownPage Page { get; private set; } = null!;

    /// <summary>One in which the root user has given the password; what comes of it is on its page.</summary>
    public static async Task<Browser> SignedInAsync(OpenAccount account)
    {
        var browser = new Browser(account.Host, account.Time);
        await browser.GetAsync("/console/sign-in");
        await browser.SubmitAsync("credentials", ("Form.Email", account.Email), ("Form.Password", account.Password));
        return browser;
    }

    public Task<ShownPage> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    /// <summary>Fills a form of the page in and submits it.</summary>
    public Task<ShownPage> SubmitAsync(string form, params (string Name, string Value)[] fields)
    {
        var hidden = Page.Hidden(form);
        return PostAsync(form.StartsWith('/') ? form : at, [.. hidden.Select(field => (field.Key, field.Value)), .. fields]);
    }

    public Task<ShownPage> PostAsync(string path, params (string Name, string Value)[] fields) =>
        SendAsync(HttpMethod.Post, path, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))));

    private async Task<ShownPage> SendAsync(HttpMethod method, string path, HttpContent? content)
    {
        for (var hops = 0; hops < 5; hops++)
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            request.Headers.Add("Sec-Fetch-Mode", "navigate");
            if (Cookies.Count > 0) request.Headers.Add("Cookie", string.Join("; ", Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
            if (time is not null) request.Headers.Add(TestConditions.InstantHeader, time.Next().ToString("O", CultureInfo.InvariantCulture));
            var answer = await host.Client.SendAsync(request);
            foreach (var set in answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : []) Keep(set);
            at = path;
            Page = new ShownPage((int)answer.StatusCode, path, await answer.Content.ReadAsStringAsync(), answer);
            if (answer.Headers.Location is not { } next) return Page;
            (method, content) = (HttpMethod.Get, null);
            path = next.IsAbsoluteUri ? next.PathAndQuery : next.OriginalString;
        }

        throw new InvalidOperationException($"It goes in circles, at {path}.");
    }

    private void Keep(string set)
    {
        var (name, value) = set.Split(';')[0].Split('=', 2) is [var left, var right] ? (left, right) : (set, "");
        if (value.Length == 0) Cookies.Remove(name);
        else Cookies[name] = value;
    }
}
