using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>Somebody who sends requests, with a token of certain claims, at a certain time, from a certain place.</summary>
public sealed record Person(MfaHost Host)
{
    /// <summary>No token at all when there is none.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    public IReadOnlyList<string> Accounts { get; init; } = [];

    public string? Principal { get; init; }

    public string? Name { get; init; }

    public IReadOnlyList<string> Methods { get; init; } = ["pwd", "otp"];

    public TimeSpan SignedInAgo { get; init; }

    /// <summary>A token as it is, instead of one with the claims above.</summary>
    public string? RawToken { get; init; }

    /// <summary>The account's own time; the system's clock when there is none.</summary>
    public Moment? Time { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>The secret of a half-done sign-in.</summary>
    public string? SignInKey { get; init; }

    /// <summary>The secret of a recovery.</summary>
    public string? RecoveryKey { get; init; }

    /// <summary>What a telephony gateway signed with.</summary>
    public string? TelephonySignature { get; init; }

    /// <summary>The media types it asks for.</summary>
    public string? Accept { get; init; }

    public string? Address { get; init; } = "203.0.113.7";

    /// <summary>What the header X-Forwarded-For says, whoever wrote it.</summary>
    public string? ForwardedFor { get; init; }

    public string? ForwardedProto { get; init; }

    public string? UserAgent { get; init; } = "tests/1.0";

    /// <summary>The W3C trace that the request belongs to; none, and it begins one.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The same person, with a header <c>Idempotency-Key</c>.</summary>
    public Person Repeatably(string key) => this with { IdempotencyKey = key };

    public Task<Reply> Get(string path) => Send(HttpMethod.Get, path);

    public Task<Reply> Post(string path, object? body = null) => Send(HttpMethod.Post, path, Json(body));

    /// <summary>Presses the button on a page.</summary>
    public Task<Reply> PostForm(string path, params (string Name, string Value)[] fields) => Send(
        HttpMethod.Post, path, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))));

    public Task<Reply> Put(string path, object? body = null) => Send(HttpMethod.Put, path, Json(body));

    public Task<Reply> Patch(string path, object? body = null) => Send(HttpMethod.Patch, path, Json(body));

    public Task<Reply> Delete(string path) => Send(HttpMethod.Delete, path);

    public async Task<Reply> Send(HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (Token() is { } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (IdempotencyKey is not null) request.Headers.TryAddWithoutValidation("Idempotency-Key", IdempotencyKey);
        if (SignInKey is not null) request.Headers.TryAddWithoutValidation("Sign-In-Key", SignInKey);
        if (RecoveryKey is not null) request.Headers.TryAddWithoutValidation("Recovery-Key", RecoveryKey);
        if (TelephonySignature is not null) request.Headers.TryAddWithoutValidation("Telephony-Signature", TelephonySignature);
        if (Accept is not null) request.Headers.TryAddWithoutValidation("Accept", Accept);
        if (UserAgent is not null) request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (TraceParent is not null) request.Headers.Add("traceparent", TraceParent);
        if (ForwardedFor is not null) request.Headers.TryAddWithoutValidation("X-Forwarded-For", ForwardedFor);
        if (ForwardedProto is not null) request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", ForwardedProto);
        if (Address is not null) request.Headers.Add(TestConditions.AddressHeader, Address);
        if (Time is not null) request.Headers.Add(TestConditions.InstantHeader, Time.Next().ToString("O", CultureInfo.InvariantCulture));
        using var response = await Host.Client.SendAsync(request);
        return await Reply.Of(response);
    }

    private string? Token()
    {
        if (RawToken is not null || Roles.Count == 0) return RawToken;
        return Host.Token(new DevelopmentTokenRequest
        {
            Roles = Roles,
            Accounts = Accounts,
            Principal = Principal,
            Subject = Name ?? (Principal is null ? Roles[0] : $"arn:aws:iam::{Accounts[0]}:{Principal.Replace(':', '/')}"),
            AuthenticationMethods = Methods,
            AuthenticationAge = SignedInAgo + (Time is null ? TimeSpan.Zero : DateTimeOffset.UtcNow - Time.Now),
        });
    }

    private static JsonContent? Json(object? body) => body is null ? null : JsonContent.Create(body, body.GetType());
}
