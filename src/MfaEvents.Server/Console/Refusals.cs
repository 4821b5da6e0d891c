using Microsoft.AspNetCore.Http.HttpResults;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Console;

/// <summary>Tells whoever asked why there is no answer: people in a page, programs in a problem.</summary>
public static class Refusals
{
    public static async Task TellAsync(HttpContext http, Problem problem)
    {
        if (!IsPerson(http.Request))
        {
            await Answer.Refuse(problem).ExecuteAsync(http);
            return;
        }

        http.Response.Headers.ContentSecurityPolicy = ConsoleSetup.Policy;
        if (problem.RetryAfter is { } seconds) http.Response.Headers.RetryAfter = $"{seconds}";

        // A page that failed has taken what a scope has for one page.
        var taken = http.RequestServices;
        await using var scope = taken.CreateAsyncScope();
        http.RequestServices = scope.ServiceProvider;
        try
        {
            await new RazorComponentResult<LostPage>(new { Why = problem }) { StatusCode = problem.Status }.ExecuteAsync(http);
        }
        finally
        {
            http.RequestServices = taken;
        }
    }

    private static bool IsPerson(HttpRequest request) => request.Path.StartsWithSegments("/console")
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
