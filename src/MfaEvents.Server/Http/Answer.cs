using System.Globalization;
using System.Text;
using System.Text.Json;

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

    /// <summary>The secret that the body shows.</summary>
    public ShownSecret? Secret { get; private init; }

    /// <summary>What may be remembered of a body that shows a secret.</summary>
    public object? Memorable { get; private init; }

    /// <summary>What the body is; JSON, unless the endpoint says otherwise.</summary>
    private string MediaType { get; init; } = "application/json";

    /// <summary>A text as it is.</summary>
    public static Answer Text(string text) =>
        new(200) { Body = () => Encoding.UTF8.GetBytes(text), MediaType = "text/plain; charset=utf-8" };

    public static Answer Ok(object body) => new(200) { Body = () => body };

    public static Answer Created(string location, object body) => new(201) { Location = location, Body = () => body };

    public static Answer CreatedWithSecret(string location, ShownSecret secret, object memorable, Func<object> body) =>
        new(201) { Location = location, Body = body, Secret = secret, Memorable = memorable };

    /// <summary>A thing whose body holds a secret that is shown once: repeated, the answer is what may be remembered.</summary>
    public static Answer CreatedOnce(string location, object memorable, Func<object> body) =>
        new(201) { Location = location, Body = body, Memorable = memorable };

    /// <summary>What is not done yet, with a secret.</summary>
    public static Answer AcceptedWithSecret(ShownSecret secret, object memorable, Func<object> body) =>
        new(202) { Body = body, Secret = secret, Memorable = memorable };

    public static Answer Accepted(object? body = null) => new(202) { Body = body is null ? null : () => body };

    public static Answer Accepted(string location, object body) => new(202) { Location = location, Body = () => body };

    public static Answer NoContent { get; } = new(204);

    public static implicit operator Answer(Problem problem) => Refuse(problem);

    public static Answer Refuse(Problem problem)
    {
        return new Answer(problem.Status) { Refusal = problem };
    }

    /// <summary>An answer that was given before.</summary>
    public static Answer Again(int status, string? location, object? body, ShownSecret? secret) =>
        new(status) { Location = location, Body = body is null ? null : () => body, Secret = secret };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (Location is not null) response.Headers.Location = Location;
        if (Refusal?.Challenge is { } challenge) response.Headers.WWWAuthenticate = challenge;
        if (Refusal?.RetryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);

        var body = Refusal ?? Body?.Invoke();
        if (body is null) return;
        var bytes = body as byte[] ?? JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), Json.Options);
        response.ContentType = Status >= 400 ? Problem.ContentType : MediaType;
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, httpContext.RequestAborted);
    }
}
