using System.Collections.Immutable;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Audit;

namespace MfaEvents.Server.SignIn;

/// <summary>A session that has not ended. Access tokens name it, and are worth nothing once its row is gone.</summary>
/// <param name="Id">The session.</param>
/// <param name="Principal">Whose it is.</param>
/// <param name="Factor">What the sign-in was completed with.</param>
/// <param name="StartedAt">When it began, which is when its principal last proved who they are.</param>
/// <param name="SourceAddress">The network address it began from.</param>
/// <param name="UserAgent">What the client called itself then.</param>
public sealed record Session(
    Guid Id,
    string Principal,
    Factor Factor,
    DateTimeOffset StartedAt,
    string? SourceAddress = null,
    string? UserAgent = null)
{
    /// <summary>How the factors are written in a token (RFC 8176).</summary>
    public IReadOnlyList<string> AuthenticationMethods => Factor switch
    {
        Factor.Otp => ["pwd", "otp"],
        Factor.Recovery => ["pwd", "recovery"],
        Factor.EnrolmentCode => ["pwd", "enrolment"],
        _ => ["pwd"],
    };

    public bool IsLive(DateTimeOffset lastUsedAt, DateTimeOffset now, SignInPolicy policy) =>
        now - StartedAt < policy.SessionLifetime && now - lastUsedAt < policy.SessionIdle;
}

/// <summary>When a session was last used, to a minute. No event: a busy session rewrites it once a minute.</summary>
public sealed record SessionUse(Guid Id, DateTimeOffset LastUsedAt);

/// <summary>
/// Keeps the sessions of each account, in the transaction of their events. What ends all of a principal's sessions ends its
/// half-done sign-ins as well: their password may be the old one.
/// </summary>
public sealed partial class SessionList : EventProjection
{
    public SessionList()
    {
        Name = "sessions";
        Options.DeleteViewTypeOnTeardown<Session>();
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        switch (e.Data)
        {
            case SignedIn signedIn:
                operations.Store(Begun(signedIn, e));
                break;
            case SessionEnded ended:
                operations.Delete<Session>(ended.SessionId);
                break;
            case SessionsEnded ended:
                EndAll(operations, e.StreamKey!, ended.KeptSessionId);
                break;
            case PrincipalDeleted:
                EndAll(operations, e.StreamKey!, null);
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The same for a rebuild: a principal's sessions after an event.</summary>
    public static ImmutableDictionary<Guid, Session> Evolve(ImmutableDictionary<Guid, Session>? sessions, IEvent e)
    {
        sessions ??= ImmutableDictionary<Guid, Session>.Empty;
        return e.Data switch
        {
            SignedIn signedIn => sessions.SetItem(signedIn.SessionId, Begun(signedIn, e)),
            SessionEnded ended => sessions.Remove(ended.SessionId),
            SessionsEnded ended => sessions.RemoveRange(sessions.Keys.Where(id => id != ended.KeptSessionId)),
            PrincipalDeleted => sessions.Clear(),
            _ => sessions,
        };
    }

    private static Session Begun(SignedIn signedIn, IEvent e) => new(
        signedIn.SessionId,
        e.StreamKey!,
        signedIn.Factor,
        e.Timestamp,
        e.GetHeader(Origin.ClientAddressHeader)?.ToString(),
        e.GetHeader(Origin.UserAgentHeader)?.ToString());

    private static void EndAll(IDocumentOperations operations, string principal, Guid? kept)
    {
        if (kept is { } own) operations.DeleteWhere<Session>(session => session.Principal == principal && session.Id != own);
        else operations.DeleteWhere<Session>(session => session.Principal == principal);
        operations.DeleteWhere<SignInChallenge>(challenge => challenge.Principal == principal);
    }
}
