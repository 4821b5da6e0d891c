namespace MfaEvents.Server.Http;

/// <summary>
/// Gives a problem to answers that have a status and nothing else: an unknown route, a wrong verb, a missing stream.
/// </summary>
public static class BareAnswers
{
    public static Task ExplainAsync(HttpContext http, Func<HttpContext, Problem, Task> tell) => http.Response.StatusCode switch
    {
        404 => tell(http, Problems.NotFound),
        405 => tell(http, Problems.MethodNotAllowed),
        413 => tell(http, Problems.PayloadTooLarge),
        415 => tell(http, Problems.UnsupportedMediaType),
        400 => tell(http, Problems.MalformedRequest("The request could not be read.")),
        _ => Task.CompletedTask,
    };
}
