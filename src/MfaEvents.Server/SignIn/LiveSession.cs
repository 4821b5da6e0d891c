using Marten;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.SignIn;

/// <summary>
/// Looks after the caller's session once more, in the command's own transaction and, where it concerns the caller itself, under
/// the lock that ends sessions: the gate's look is old by the time that a slow body and a queue have passed.
/// </summary>
public sealed class LiveSession(Guid id) : DocumentSessionListenerBase
{
    /// <summary>Commits nothing for a caller whose session has ended; a caller without one has none to end.</summary>
    public static void Demand(Caller? caller, IDocumentSession session)
    {
        if (caller?.SessionId is { } id) session.Listeners.Add(new LiveSession(id));
    }

    public override async Task BeforeSaveChangesAsync(IDocumentSession session, CancellationToken token)
    {
        if (await session.LoadAsync<Session>(id, token) is null) throw new SessionEndedException();
    }
}

/// <summary>The caller's session ended while its request was on the way.</summary>
public sealed class SessionEndedException() : Exception("The caller's session ended while its request was on the way.");
