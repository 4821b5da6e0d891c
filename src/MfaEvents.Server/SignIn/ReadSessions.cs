using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.SignIn;

/// <summary>A session that goes on.</summary>
/// <param name="SessionId">The session.</param>
/// <param name="StartedAt">When its principal signed in.</param>
/// <param name="SourceAddress">From where.</param>
/// <param name="UserAgent">What the client called itself.</param>
/// <param name="Current">Whether it is the one of this request.</param>
public sealed record SessionView(
    Guid SessionId, DateTimeOffset StartedAt, string? SourceAddress, string? UserAgent, bool Current);

public sealed record SessionsView(IReadOnlyList<SessionView> Sessions);

/// <summary>Lists the sessions of a principal, the latest first.</summary>
public static class ReadSessionsEndpoint
{
    [WolverineGet(Routes.Sessions), Allow(Role.Owner)]
    [Answers(200, typeof(SessionsView))]
    public static async Task<Answer> Get(
        string principal,
        Caller caller,
        IQuerySession session,
        MfaEventsSettings settings,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        if (await session.LoadAsync<PrincipalMfa>(principal, cancellation) is null) return Problems.NotFound;
        var sessions = await Sessions.OfAsync(session, principal, clock.GetUtcNow(), settings, cancellation);
        return Answer.Ok(new SessionsView(
        [
            .. sessions.Select(one =>
                new SessionView(one.Id, one.StartedAt, one.SourceAddress, one.UserAgent, one.Id == caller.SessionId)),
        ]));
    }
}
