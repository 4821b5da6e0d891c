using MfaEvents.Server.Console.Inside;
using Microsoft.AspNetCore.Components;

namespace MfaEvents.Server.Console.Pages;

/// <summary>A page about one principal of an account.</summary>
public abstract class PrincipalPage : ComponentBase
{
    [Parameter] public required string AccountId { get; set; }

    [Parameter] public required string Principal { get; set; }

    [Inject] protected Api Api { get; set; } = null!;

    [Inject] protected NavigationManager Navigation { get; set; } = null!;

    /// <summary>The principal in the API.</summary>
    protected string There => $"/accounts/{Uri.EscapeDataString(AccountId)}/principals/{Uri.EscapeDataString(Principal)}";

    /// <summary>The principal's security credentials.</summary>
    protected string Here => "/console" + There;

    /// <summary>Reads something; whoever is not signed in any more does that first.</summary>
    protected async Task<ApiReply> ReadAsync(string path)
    {
        var reply = await Api.GetAsync(path);
        if (reply.Status == StatusCodes.Status401Unauthorized) Navigation.NavigateTo("/console/sign-in");
        return reply;
    }
}
