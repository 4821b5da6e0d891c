using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Audit;

/// <summary>Who did something and from where: metadata of every event, never payload.</summary>
/// <param name="Actor">The subject of the caller's token, or the product itself.</param>
/// <param name="ActorIssuer">Who vouches for that subject: a person is issuer and subject.</param>
/// <param name="ClientAddress">The network address of the request.</param>
/// <param name="UserAgent">What the client calls itself.</param>
public sealed record Origin(string Actor, string? ActorIssuer, string? ClientAddress, string? UserAgent)
{
    /// <summary>The actor of what was keyed into a phone.</summary>
    public const string Telephony = "telephony";

    public const string ActorIssuerHeader = "actorIssuer";
    public const string ClientAddressHeader = "clientAddress";
    public const string UserAgentHeader = "userAgent";
    public const string SessionHeader = "session";
    public const string ClientAddressSaltHeader = "clientAddressSalt";
    public const string UserAgentSaltHeader = "userAgentSalt";
    public const string CommitmentHeader = "personalDataCommitment";
    public const string ContactCommitmentHeader = "contactCommitment";

    private const int UserAgentLimit = 512;

    /// <summary>The session of our own in which it was asked for.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>The product, acting on a message that came due.</summary>
    public static Origin Product { get; } = new("mfaevents", null, null, null);

    public static Origin Of(HttpContext http)
    {
        var caller = http.Features.Get<Caller>();
        return new Origin(
            caller?.Subject ?? "anonymous",
            caller?.Issuer,
            Edge.ClientAddress.Normal(http.Connection.RemoteIpAddress)?.ToString(),
            Clean(http.Request.Headers.UserAgent.ToString())) { SessionId = caller?.SessionId };
    }

    /// <summary>Where a request came from that a principal makes without a token: within its sign-in.</summary>
    public static Origin Of(HttpContext http, string accountId, string principal, string issuer) =>
        Of(http) with { Actor = Arn.OfPrincipal(accountId, principal), ActorIssuer = issuer };

    /// <summary>The telephony gateway, which says what somebody keyed into a phone.</summary>
    public static Origin OfTelephony(HttpContext http) => Of(http) with { Actor = Telephony, ActorIssuer = null };

    /// <summary>
    /// Puts this on every event of the session, and a <see cref="Commitment"/> to its personal part with the salts beside that
    /// part: a proof over the event outlives the erasure of both.
    /// </summary>
    public void Stamp(IDocumentSession session)
    {
        session.LastModifiedBy = Actor;
        if (ActorIssuer is not null) session.SetHeader(ActorIssuerHeader, ActorIssuer);
        if (ClientAddress is not null) session.SetHeader(ClientAddressHeader, ClientAddress);
        if (UserAgent is not null) session.SetHeader(UserAgentHeader, UserAgent);
        if (SessionId is { } own) session.SetHeader(SessionHeader, own.ToString());
        var (address, agent) = (new Committed(Salt.Draw(), ClientAddress), new Committed(Salt.Draw(), UserAgent));
        session.SetHeader(ClientAddressSaltHeader, address.Salt);
        session.SetHeader(UserAgentSaltHeader, agent.Salt);
        session.SetHeader(CommitmentHeader, Commitment.To(address, agent));
    }

    private static string? Clean(string userAgent)
    {
        var printable = new string([.. userAgent.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(UserAgentLimit)]);
        return printable.Length == 0 ? null : printable;
    }
}

/// <summary>
/// Stamps the origin of a request on the session of its endpoint, which commits only while the caller's session goes on.
/// </summary>
public static class RequestOrigin
{
    public static void Before(HttpContext http, IDocumentSession session)
    {
        Origin.Of(http).Stamp(session);
        SignIn.LiveSession.Demand(http.Features.Get<Caller>(), session);
    }
}

/// <summary>Stamps the product itself on the session of a message that came due.</summary>
public static class MessageOrigin
{
    public static void Before(IDocumentSession session) => Origin.Product.Stamp(session);
}
