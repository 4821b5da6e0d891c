using Microsoft.AspNetCore.Authentication;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Console;

/// <summary>Asks the schemes that guard the API about a token of somebody who wants to use the console with it.</summary>
public sealed class StaffTokens(IServiceScopeFactory scopes)
{
    private static readonly Role[] Staff = [Role.SupportAgent, Role.SupportApprover, Role.Auditor, Role.Operator];

    /// <summary>Whether the API would believe it.</summary>
    public async Task<bool> IsTrustedAsync(string token) => await CallerOfAsync(token) is not null;

    /// <summary>Whether the API would believe it, and has something to do for whoever it names.</summary>
    public async Task<bool> IsStaffAsync(string token) => await CallerOfAsync(token) is { } caller && Staff.Any(caller.Is);

    private async Task<Caller?> CallerOfAsync(string token)
    {
        // A scheme's handler belongs to one request: this is another one.
        await using var scope = scopes.CreateAsyncScope();
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        http.Request.Headers.Authorization = $"Bearer {token}";
        var result = await http.AuthenticateAsync();
        return result.Succeeded ? Caller.From(result.Principal) : null;
    }
}
