using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Features;
using MfaEvents.Server.Http;
using MfaEvents.Server.SignIn;

namespace MfaEvents.Server.Console.Inside;

/// <summary>What the API answered.</summary>
public sealed record ApiReply(int Status, IHeaderDictionary Headers, ReadOnlyMemory<byte> Content)
{
    /// <summary>Its JSON; null when it has none.</summary>
    public JsonNode? Body => field ??= Headers.ContentType.ToString().Contains("json", StringComparison.Ordinal) ? JsonNode.Parse(Content.Span) : null;

    public string Text => Encoding.UTF8.GetString(Content.Span);

    public bool IsOk => Status is >= 200 and < 300;

    /// <summary>What a refusal says, in a sentence.</summary>
    public string Detail => Body?["detail"]?.GetValue<string>() ?? "Something went wrong on our side.";

    /// <summary>Which refusal it is.</summary>
    public string? Slug => Body?["type"]?.GetValue<string>().Split(':')[^1];

    /// <summary>What is wrong with which member, in sentences, which call it as people do.</summary>
    public IReadOnlyDictionary<string, string[]> Errors => field ??= (Body?["errors"]?.Deserialize<Dictionary<string, string[]>>() ?? [])
        .ToDictionary(member => member.Key, member => member.Value.Select(sentence => Called(member.Key, sentence)).ToArray());

    /// <summary>What is wrong with one member, in sentences.</summary>
    public IReadOnlyList<string> ErrorsOf(string member) => Errors.GetValueOrDefault(member, []);

    /// <summary>How long the caller has to wait, in seconds.</summary>
    public int? RetryAfter => int.TryParse(Headers.RetryAfter, out var seconds) ? seconds : null;

    public T Read<T>() => Body.Deserialize<T>(Json.Options)!;

    private static string Called(string member, string sentence) =>
        sentence.StartsWith(member + " ", StringComparison.Ordinal) ? Words.Spaced(member) + sentence[member.Length..] : sentence;
}

/// <summary>
/// Calls the API of this process in the name of whoever asked for a page: through the same gate, limits and endpoints as a request
/// from outside, with the same address and user agent, and no network between.
/// </summary>
public sealed class Api(InsidePipeline pipeline, IServiceScopeFactory scopes, IHttpContextAccessor pages, ConsoleSession session)
{
    private bool renewed;

    public Task<ApiReply> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethods.Get, path, null, headers);

    public Task<ApiReply> PostAsync(string path, object? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethods.Post, path, body ?? new { }, headers);

    public Task<ApiReply> PatchAsync(string path, object body) => SendAsync(HttpMethods.Patch, path, body);

    public Task<ApiReply> PutAsync(string path, object body) => SendAsync(HttpMethods.Put, path, body);

    public Task<ApiReply> DeleteAsync(string path) => SendAsync(HttpMethods.Delete, path);

    private async Task<ApiReply> SendAsync(string method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        if (!renewed && session.WantsRenewal) await RenewAsync();
        return await CallAsync(method, path, body, headers);
    }

    private async Task RenewAsync()
    {
        renewed = true;
        var reply = await CallAsync(HttpMethods.Post, Routes.Tokens, new { });
        if (reply.IsOk) session.Renew(reply.Read<AccessToken>().Value);
    }

    private async Task<ApiReply> CallAsync(string method, string path, object? body, params (string Name, string Value)[] headers)
    {
        var page = pages.HttpContext ?? throw new InvalidOperationException("Nobody asked for a page.");
        using var response = new InsideResponse();
        var context = new DefaultHttpContext(Features(page, response)) { ServiceScopeFactory = scopes, RequestAborted = page.RequestAborted };
        var (address, query) = path.IndexOf('?') is >= 0 and var mark ? (path[..mark], path[mark..]) : (path, "");
        var request = context.Request;
        (request.Method, request.Scheme, request.Host, request.Protocol) = (method, page.Request.Scheme, page.Request.Host, page.Request.Protocol);
        (request.Path, request.QueryString) = (PathString.FromUriComponent(address), new QueryString(query));
        request.Headers.UserAgent = page.Request.Headers.UserAgent;
        request.Headers.Accept = "application/json";
        if (session.AccessToken is { } token) request.Headers.Authorization = $"Bearer {token}";
        foreach (var (name, value) in headers) request.Headers[name] = value;
        if (body is not null)
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(body, Json.Options);
            (request.Body, request.ContentType, request.ContentLength) = (new MemoryStream(json), "application/json", json.Length);
        }

        await pipeline.Enter(context);
        var answer = await response.EndAsync();
        return new ApiReply(response.StatusCode, response.Headers, answer);
    }

    private static FeatureCollection Features(HttpContext page, InsideResponse response)
    {
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature());
        features.Set<IHttpRequestBodyDetectionFeature>(HasBody.Yes);
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(response);
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature
        {
            ConnectionId = page.Connection.Id,
            RemoteIpAddress = page.Connection.RemoteIpAddress,
            RemotePort = page.Connection.RemotePort,
            LocalIpAddress = page.Connection.LocalIpAddress,
            LocalPort = page.Connection.LocalPort,
        });
        return features;
    }

    private sealed class HasBody : IHttpRequestBodyDetectionFeature
    {
        public static HasBody Yes { get; } = new();

        public bool CanHaveBody => true;
    }
}
