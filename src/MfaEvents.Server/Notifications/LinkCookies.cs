using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;

namespace MfaEvents.Server.Notifications;

/// <summary>A link that a browser has opened: the token, and what the form on its page has to know to use it.</summary>
public sealed record OpenedLink(LinkToken Token, string Guard)
{
    public override string ToString() => "***";
}

/// <summary>
/// Keeps the token of an opened link in a cookie of that browser, sealed, so that it leaves the address at once. Each link has a cookie of
/// its own: two that are open side by side do not get mixed up.
/// </summary>
public sealed class LinkCookies(IDataProtectionProvider keyRing, IHostEnvironment environment)
{
    /// <summary>As long as somebody may read a page before pressing its button; the mail is there for longer.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly IDataProtector protector = keyRing.CreateProtector("MfaEvents.Links");

    /// <summary>Keeps it, and tells by which name the page asks for it again: that is no secret.</summary>
    public string Keep(HttpContext http, LinkPurpose purpose, LinkToken token)
    {
        var name = token.LinkId(purpose)[..16];
        var opened = JsonSerializer.Serialize(new OpenedLink(token, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))));
        http.Response.Cookies.Append(
            CookieOf(name), WebEncoders.Base64UrlEncode(protector.CreateProtector(name).Protect(Encoding.UTF8.GetBytes(opened))), Options());
        return name;
    }

    /// <summary>The link of that name in this browser; null when it was not opened here, or too long ago.</summary>
    public OpenedLink? Find(HttpContext http, string? name)
    {
        if (name is not { Length: 16 } || !name.All(char.IsAsciiHexDigitLower)) return null;
        if (!http.Request.Cookies.TryGetValue(CookieOf(name), out var text)) return null;
        try
        {
            return JsonSerializer.Deserialize<OpenedLink>(protector.CreateProtector(name).Unprotect(WebEncoders.Base64UrlDecode(text)));
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return null;
        }
    }

    public void Forget(HttpContext http, string name) => http.Response.Cookies.Delete(CookieOf(name), Options());

    private string CookieOf(string name) => $"{(environment.IsDevelopment() ? "" : "__Host-")}link-{name}";

    // Whoever comes from a mail comes from another site: Strict would not be sent to the page.
    private CookieOptions Options() => new()
    {
        MaxAge = Lifetime,
        HttpOnly = true, Secure = !environment.IsDevelopment(), SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true,
    };
}
