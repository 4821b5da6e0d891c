using Microsoft.AspNetCore.Authentication;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Console;

/// <summary>Asks the schemes that guard the API about a token of somebody who wants to use the console with it.</summary>
public sealed class StaffTokens(IServiceScopeFactory scopes)
{
    public async Task<bool> IsTrustedAsync(string token)
    {
        // A scheme's handler belongs to one request: this is another one.
        await using var scope = scopes.CreateAsyncScope();
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        http.Request.Headers.Authorization = $"Bearer {token}";
        var result = await http.AuthenticateAsync();
        return result.Succeeded && Caller.From(result.Principal) is not null;
    }
}
