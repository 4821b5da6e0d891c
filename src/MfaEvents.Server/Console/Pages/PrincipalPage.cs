using Microsoft.AspNetCore.Components;

namespace MfaEvents.Server.Console.Pages;

/// <summary>A page about one principal of an account.</summary>
public abstract class PrincipalPage : SignedInPage
{
    [Parameter] public required string AccountId { get; set; }

    [Parameter] public required string Principal { get; set; }

    /// <summary>The principal in the API.</summary>
    protected string There => $"/accounts/{Uri.EscapeDataString(AccountId)}/principals/{Uri.EscapeDataString(Principal)}";

    /// <summary>The principal's security credentials.</summary>
    protected string Here => "/console" + There;
}
