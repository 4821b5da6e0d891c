using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.SignIn;

/// <summary>Ends all sessions of a principal but the caller's own.</summary>
public static class EndSessionsEndpoint
{
    [WolverineDelete(Routes.Sessions), Allow(Role.Owner)]
    [Answers(204)]
    public static (Answer, Events) Delete(
        Caller caller, [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa state) =>
        (Answer.NoContent, [new SessionsEnded(SessionsEndReason.Requested, caller.SessionOf(state.Id))]);
}

/// <summary>Ends one session: a sign-out, when it is the caller's own.</summary>
public static class EndSessionEndpoint
{
    [WolverineDelete(Routes.Session), Allow(Role.Owner), ServesRecovery]
    [Answers(204)]
    public static async Task<(Answer, Events)> Delete(
        Guid sessionId,
        [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa state,
        IDocumentSession session,
        CancellationToken cancellation) =>
        await session.LoadAsync<Session>(sessionId, cancellation) is { } found && found.Principal == state.Id
            ? (Answer.NoContent, [new SessionEnded(sessionId)])
            : (Problems.NotFound, []);
}
