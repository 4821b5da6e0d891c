using System.Globalization;
using System.Text.Json;
using MfaEvents.Server.Notifications.Phone;

namespace MfaEvents.Server.Http;

/// <summary>What an endpoint answers: decided inside the command's transaction, written after its commit.</summary>
public sealed record Answer : IResult
{
    private Answer(int status) => Status = status;

    public int Status { get; }

    public string? Location { get; private init; }

    /// <summary>Builds the body; called after the commit, so that nothing slow happens inside it.</summary>
    public Func<object>? Body { get; private init; }

    public Problem? Refusal { get; private init; }

    /// <summary>
    /// The device whose secret the body shows; a repeated request gets it from the sealed seed, never from memory.
    /// </summary>
    public Guid? SecretOf { get; private init; }

    /// <summary>The call whose digits the body shows; a repeated request gets them from their seal.</summary>
    public Guid? DigitsOf { get; private init; }

    /// <summary>What may be remembered of a body that shows a secret.</summary>
    public object? Memorable { get; private init; }

    public static Answer Ok(object body) => new(200) { Body = () => body };

    public static Answer Created(string location, object body) => new(201) { Location = location, Body = () => body };

    public static Answer CreatedWithSecret(string location, Guid deviceId, object memorable, Func<object> body) =>
        new(201) { Location = location, Body = body, SecretOf = deviceId, Memorable = memorable };

    /// <summary>A thing whose body holds a secret that is shown once: repeated, the answer is what may be remembered.</summary>
    public static Answer CreatedOnce(string location, object memorable, Func<object> body) =>
        new(201) { Location = location, Body = body, Memorable = memorable };

    /// <summary>A call that was placed: repeated, the answer gets its digits from their seal while it is open.</summary>
    public static Answer CreatedCall(string location, PreparedCall call, Func<object> body) =>
        new(201) { Location = location, Body = body, DigitsOf = call.CallId, Memorable = call.WithoutDigits };

    /// <summary>The same for a call that only prepares what it is for.</summary>
    public static Answer AcceptedCall(PreparedCall call, Func<object> body) =>
        new(202) { Body = body, DigitsOf = call.CallId, Memorable = call.WithoutDigits };

    public static Answer Accepted(object? body = null) => new(202) { Body = body is null ? null : () => body };

    public static Answer Accepted(string location, object body) => new(202) { Location = location, Body = () => body };

    public static Answer NoContent { get; } = new(204);

    public static implicit operator Answer(Problem problem) => Refuse(problem);

    public static Answer Refuse(Problem problem)
    {
        return new Answer(problem.Status) { Refusal = problem };
    }

    /// <summary>An answer that was given before.</summary>
    public static Answer Again(int status, string? location, object? body, Guid? secretOf) =>
        new(status) { Location = location, Body = body is null ? null : () => body, SecretOf = secretOf };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (Location is not null) response.Headers.Location = Location;
        if (Refusal?.Challenge is { } challenge) response.Headers.WWWAuthenticate = challenge;
        if (Refusal?.RetryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);

        var body = Refusal ?? Body?.Invoke();
        if (body is null) return;
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), Json.Options);
        response.ContentType = Status >= 400 ? Problem.ContentType : "application/json";
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, httpContext.RequestAborted);
    }
}
