namespace MfaEvents.Server.Http;

/// <summary>
/// Gives a problem to answers that have a status and nothing else: an unknown route, a wrong verb, a missing stream.
/// </summary>
public static class BareAnswers
{
    public static Task ExplainAsync(HttpContext http) => http.Response.StatusCode switch
    {
        404 => Answer.Refuse(Problems.NotFound).ExecuteAsync(http),
        405 => Answer.Refuse(Problems.MethodNotAllowed).ExecuteAsync(http),
        413 => Answer.Refuse(Problems.PayloadTooLarge).ExecuteAsync(http),
        415 => Answer.Refuse(Problems.UnsupportedMediaType).ExecuteAsync(http),
        400 => Answer.Refuse(Problems.MalformedRequest("The request could not be read.")).ExecuteAsync(http),
        _ => Task.CompletedTask,
    };
}
