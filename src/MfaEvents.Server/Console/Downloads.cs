using MfaEvents.Server.Console.Inside;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Console;

/// <summary>
/// Files that a browser keeps. The request itself goes on to the API with the token of its cookie: what comes of it streams to the
/// browser, however long it is.
/// </summary>
public static class Downloads
{
    public static void MapDownloads(this IEndpointRouteBuilder endpoints)
    {
        Map("/console/accounts/{accountId}/mfa-coverage.csv", "/mfa-coverage", Csv.ContentType);
        Map("/console/accounts/{accountId}/audit/export", "/audit/export", "*/*");

        void Map(string address, string path, string accept) => endpoints.MapGet(
            address,
            (string accountId, HttpContext http, ConsoleSession session, InsidePipeline api) =>
            {
                var request = http.Request;
                if (session.AccessToken is { } token) request.Headers.Authorization = $"Bearer {token}";
                request.Headers.Accept = accept;
                request.Path = $"/accounts/{accountId}{path}";
                request.RouteValues.Clear();
                http.SetEndpoint(null);
                return api.Enter(http);
            }).AllowAnonymous().ExcludeFromDescription();
    }
}
