using MfaEvents.Server.Console.Inside;
using Microsoft.AspNetCore.Components;

namespace MfaEvents.Server.Console.Pages;

/// <summary>A page for whoever is signed in.</summary>
public abstract class SignedInPage : ComponentBase
{
    [Inject] protected Api Api { get; set; } = null!;

    [Inject] protected NavigationManager Navigation { get; set; } = null!;

    /// <summary>Where its readers sign in.</summary>
    protected virtual string Entrance => "/console/sign-in";

    /// <summary>Reads something; whoever is not signed in any more does that first.</summary>
    protected async Task<ApiReply> ReadAsync(string path)
    {
        var reply = await Api.GetAsync(path);
        if (reply.Status == StatusCodes.Status401Unauthorized) Navigation.NavigateTo(Entrance);
        return reply;
    }
}

/// <summary>A page for the desk, for auditors or for operators.</summary>
public abstract class StaffPage : SignedInPage
{
    protected override string Entrance => "/console/staff";
}
