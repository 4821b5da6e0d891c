using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Recovery;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;

namespace MfaEvents.Server.Console;

/// <summary>
/// Who is signed in to the console, in cookies of the browser that this product alone can open: the access token, which is worth
/// nothing once its session has ended, a sign-in that awaits its second factor, and a recovery.
/// </summary>
public sealed class ConsoleSession(
    IHttpContextAccessor pages, IDataProtectionProvider keyRing, IHostEnvironment environment, MfaEventsSettings settings, TimeProvider clock)
{
    // Tokens live 15 min: whoever is at work keeps the session, and whoever is away for that long signs in again.
    private static readonly TimeSpan RenewAfter = TimeSpan.FromMinutes(1);

    // Browsers keep 4 KiB a cookie, and the tokens of some issuers are longer.
    private static readonly ChunkingCookieManager Cookies = new();

    private readonly IDataProtector protector = keyRing.CreateProtector("MfaEvents.Console");

    private HttpContext Page => pages.HttpContext!;

    private string TokenCookie => Prefix + "session";

    private string SignInCookie => Prefix + "sign-in";

    private string RecoveryCookie => Prefix + "recovery";

    // A browser takes such a name only with Secure, for the whole host, and from the host itself. Development has no TLS.
    private string Prefix => environment.IsDevelopment() ? "" : "__Host-";

    /// <summary>The access token with which pages call the API; null when nobody is signed in.</summary>
    public string? AccessToken
    {
        get => field ??= Opened(TokenCookie);
        private set;
    }

    /// <summary>The account and principal of an owner who is signed in; nobody's roles are decided by it.</summary>
    public (string AccountId, string Principal)? Owner
    {
        get
        {
            if (AccessToken is not { } text) return null;
            var token = new JsonWebToken(text);
            return token.TryGetPayloadValue<string>(ClaimNames.Account, out var account)
                && token.TryGetPayloadValue<string>(ClaimNames.Principal, out var principal)
                    ? (account, principal)
                    : null;
        }
    }

    /// <summary>Where whoever is signed in has something to do, the most usual first. It is no permission: the API asks for that.</summary>
    public IEnumerable<(string Address, string Words)> Places
    {
        get
        {
            if (Owner is var (account, principal))
            {
                yield return ($"/console/accounts/{account}/principals/{Uri.EscapeDataString(principal)}", "Security credentials");
                if (principal == Core.Accounts.Principal.Root)
                {
                    yield return ($"/console/accounts/{account}", "Account");
                    yield return ($"/console/accounts/{account}/audit", "Audit");
                }
            }

            if (Claims(Role.SupportAgent) || Claims(Role.SupportApprover) || Claims(Role.Auditor)) yield return ("/console/cases", "Cases");
            if (Claims(Role.Auditor)) yield return ("/console/audit", "Audit");
            if (Claims(Role.Operator)) yield return ("/console/operations", "Operations");
        }
    }

    /// <summary>Whether the access token names a role. It is no permission: the API asks for that.</summary>
    public bool Claims(Role role) => AccessToken is { } text && new JsonWebToken(text).Claims
        .Any(claim => claim.Type == ClaimNames.Roles && RoleNames.Parse(claim.Value) == role);

    /// <summary>Whether the access token is one that can be renewed within its session, and has been used for a while.</summary>
    public bool WantsRenewal =>
        SessionId is not null && new JsonWebToken(AccessToken) is var token && clock.GetUtcNow() - token.IssuedAt > RenewAfter;

    /// <summary>The session of the access token, when it is one of ours.</summary>
    public string? SessionId =>
        AccessToken is { } text && new JsonWebToken(text).TryGetPayloadValue<string>(ClaimNames.Session, out var session) ? session : null;

    /// <summary>The sign-in whose second factor is awaited.</summary>
    public StartedSignIn? Pending => Opened(SignInCookie) is { } text ? JsonSerializer.Deserialize<StartedSignIn>(text, Json.Options) : null;

    /// <summary>The recovery that this browser began.</summary>
    public StartedRecovery? Recovery =>
        Opened(RecoveryCookie) is { } text ? JsonSerializer.Deserialize<StartedRecovery>(text, Json.Options) : null;

    /// <summary>Whoever signs in gets cookies anew: one that was there before is worth nothing.</summary>
    public void SignIn(string accessToken)
    {
        Renew(accessToken);
        Delete(SignInCookie);
        Delete(RecoveryCookie);
    }

    /// <summary>The same session with another token.</summary>
    public void Renew(string accessToken)
    {
        AccessToken = accessToken;
        Set(TokenCookie, accessToken);
    }

    public void Await(StartedSignIn signIn)
    {
        Set(SignInCookie, JsonSerializer.Serialize(signIn, Json.Options));
        Delete(TokenCookie);
    }

    public void Recover(StartedRecovery recovery)
    {
        // A recovery may have to wait for a day, and outlives the browser then.
        Set(RecoveryCookie, JsonSerializer.Serialize(recovery, Json.Options), settings.Recovery.Remembered);
        Delete(SignInCookie);
    }

    public void SignOut()
    {
        Delete(TokenCookie);
        Delete(SignInCookie);
    }

    private string? Opened(string cookie)
    {
        if (Cookies.GetRequestCookie(Page, cookie) is not { } text) return null;
        try
        {
            return System.Text.Encoding.UTF8.GetString(protector.CreateProtector(cookie).Unprotect(WebEncoders.Base64UrlDecode(text)));
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private void Delete(string cookie) => Cookies.DeleteCookie(Page, cookie, Options());

    private void Set(string cookie, string text, TimeSpan? lifetime = null) => Cookies.AppendResponseCookie(
        Page,
        cookie,
        WebEncoders.Base64UrlEncode(protector.CreateProtector(cookie).Protect(System.Text.Encoding.UTF8.GetBytes(text))),
        Options(lifetime));

    private CookieOptions Options(TimeSpan? lifetime = null) => new()
    {
        MaxAge = lifetime,
        HttpOnly = true, Secure = !environment.IsDevelopment(), SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true,
    };
}
