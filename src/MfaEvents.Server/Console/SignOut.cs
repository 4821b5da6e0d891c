using Microsoft.AspNetCore.Antiforgery;
using MfaEvents.Server.Console.Inside;

namespace MfaEvents.Server.Console;

/// <summary>Ends the session of whoever presses the button, on the server and in the browser.</summary>
public static class SignOut
{
    public const string Address = "/console/sign-out";

    public static void MapSignOut(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost(Address, async (HttpContext http, IAntiforgery antiforgery, Api api, ConsoleSession session) =>
        {
            if (!await antiforgery.IsRequestValidAsync(http)) return Results.Redirect("/console");
            if (session is { Owner: var (account, principal), SessionId: { } id })
                await api.DeleteAsync($"/accounts/{account}/principals/{Uri.EscapeDataString(principal)}/sessions/{id}");
            session.SignOut();
            return Results.Redirect("/console/sign-in");
        }).AllowAnonymous().DisableAntiforgery().ExcludeFromDescription();
}
