using System.Security.Claims;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Tests.Access;

/// <summary>What a trusted issuer may write into a token, and no request may break on.</summary>
public sealed class CallerTests
{
    [Theory]
    [InlineData("1764000000000000"), InlineData("-99999999999999"), InlineData("-1"), InlineData("soon"), InlineData("")]
    public void A_time_that_is_none_is_no_sign_in(string authTime) =>
        Caller.From(Somebody(("auth_time", authTime))).ShouldNotBeNull().AuthenticatedAt.ShouldBeNull();

    [Theory]
    [InlineData("a\0b"), InlineData("a\nb"), InlineData("")]
    public void A_subject_that_cannot_be_recorded_is_nobody(string subject) =>
        Caller.From(Somebody(("sub", subject))).ShouldBeNull();

    [Theory]
    [InlineData("user:none\0x"), InlineData("user:.."), InlineData("user:"), InlineData("ROOT"), InlineData("account")]
    public void A_principal_that_cannot_be_is_nobody(string principal) =>
        Caller.From(Somebody(("principal", principal))).ShouldBeNull();

    private static ClaimsPrincipal Somebody(params (string Name, string Value)[] changed)
    {
        var claims = new Dictionary<string, string> { ["iss"] = "urn:test", ["sub"] = "s", ["roles"] = "owner", ["principal"] = "root" };
        foreach (var (name, value) in changed) claims[name] = value;
        return new ClaimsPrincipal(new ClaimsIdentity(claims.Select(claim => new Claim(claim.Key, claim.Value)), "test"));
    }
}
