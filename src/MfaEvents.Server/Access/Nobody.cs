using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MfaEvents.Server.Access;

/// <summary>The scheme of requests without a token, or with one of an issuer nobody trusts.</summary>
public sealed class Nobody(IOptionsMonitor<NobodyOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<NobodyOptions>(options, logger, encoder)
{
    public new const string Scheme = "nobody";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(AuthenticateResult.NoResult());
}

public sealed class NobodyOptions : AuthenticationSchemeOptions;
