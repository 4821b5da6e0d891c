using Marten;
using MfaEvents.Server.Access;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.SignIn;

/// <summary>Checks the session of an access token of our own, on every request that brings one.</summary>
public sealed class Sessions(IDocumentStore store, MfaEventsSettings settings, TimeProvider clock)
{
    /// <summary>How exactly the last use is known: a busy session writes no more often than that.</summary>
    private static readonly TimeSpan Resolution = TimeSpan.FromMinutes(1);

    /// <summary>Whether the caller's session goes on; a caller without one has none to end.</summary>
    public async Task<bool> IsLiveAsync(Caller caller, CancellationToken cancellation)
    {
        if (caller.SessionId is not { } id) return true;
        await using var session = store.LightweightSession(caller.Accounts.Single());
        var batch = session.CreateBatchQuery();
        var (finding, reading) = (batch.Load<Session>(id), batch.Load<SessionUse>(id));
        await batch.Execute(cancellation);
        if (await finding is not { } found || found.Principal != caller.Principal) return false;

        var now = clock.GetUtcNow();
        var lastUsedAt = (await reading)?.LastUsedAt ?? found.StartedAt;
        if (!found.IsLive(lastUsedAt, now, settings.SignIn)) return false;
        if (now - lastUsedAt < Resolution) return true;

        session.Store(new SessionUse(id, now));
        await session.SaveChangesAsync(cancellation);
        return true;
    }

    /// <summary>Whether a session goes on, whose principal's stream is locked by whoever asks.</summary>
    public static async Task<bool> IsLiveAsync(
        IQuerySession session, Guid id, DateTimeOffset now, MfaEventsSettings settings, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Session>(id, cancellation) is not { } found) return false;
        var lastUsedAt = (await session.LoadAsync<SessionUse>(id, cancellation))?.LastUsedAt ?? found.StartedAt;
        return found.IsLive(lastUsedAt, now, settings.SignIn);
    }

    /// <summary>The sessions of a principal that go on, the latest first.</summary>
    public static async Task<IReadOnlyList<Session>> OfAsync(
        IQuerySession session, string principal, DateTimeOffset now, MfaEventsSettings settings, CancellationToken cancellation)
    {
        var all = await session.Query<Session>().Where(one => one.Principal == principal).ToListAsync(cancellation);
        var uses = (await session.LoadManyAsync<SessionUse>(cancellation, all.Select(one => one.Id)))
            .ToDictionary(use => use.Id, use => use.LastUsedAt);
        return
        [
            .. all.Where(one => one.IsLive(uses.GetValueOrDefault(one.Id, one.StartedAt), now, settings.SignIn))
                .OrderByDescending(one => one.StartedAt),
        ];
    }
}
