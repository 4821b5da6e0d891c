using Microsoft.AspNetCore.Http.HttpResults;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Console;

/// <summary>Tells whoever asked why there is no answer: people in a page, programs in a problem.</summary>
public static class Refusals
{
    public static Task TellAsync(HttpContext http, Problem problem)
    {
        if (!IsPerson(http.Request)) return Answer.Refuse(problem).ExecuteAsync(http);
        http.Response.Headers.ContentSecurityPolicy = ConsoleSetup.Policy;
        if (problem.RetryAfter is { } seconds) http.Response.Headers.RetryAfter = $"{seconds}";
        return new RazorComponentResult<LostPage>(new { Why = problem }) { StatusCode = problem.Status }.ExecuteAsync(http);
    }

    private static bool IsPerson(HttpRequest request) => request.Path.StartsWithSegments("/console")
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
