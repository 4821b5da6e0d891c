using JasperFx.Events;
using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.SignIn;

/// <summary>
/// Finds sign-ins between password and code. Which account one belongs to is in its key and not in the address, so that its
/// endpoints open the account's session themselves.
/// </summary>
public sealed class OpenSignIns(IDocumentStore store, Turnstile turnstile, MfaEventsSettings settings)
{
    /// <summary>Finds the sign-in and locks its principal; null when it is void, used, or its key is a wrong one.</summary>
    public async Task<OpenSignIn?> HoldAsync(HttpContext http, string signInId, DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        if (SignInKey.Of(http.Request) is not { } key || Uuid.Parse(signInId) is not { } id) return null;

        // Once without a lock, so that a guessed key locks nobody, and once under it, so that of two codes one completes it.
        await using var query = store.QuerySession(key.AccountId);
        if (await FindAsync(query, key.ChallengeId(id), now, cancellation) is not { } found) return null;

        var turn = await turnstile.EnterAsync(key.AccountId, found.Principal, cancellation);
        var session = store.LightweightSession(key.AccountId);
        var held = new OpenSignIn(key.AccountId, found, session, turn);
        try
        {
            Origin.Of(http, key.AccountId, found.Principal, AccessTokens.IssuerOf(settings)).Stamp(session);
            if (await held.LockAsync(cancellation) && await FindAsync(session, found.Id, now, cancellation) is not null)
                return held;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }

        await held.DisposeAsync();
        return null;
    }

    private static async Task<SignInChallenge?> FindAsync(
        IQuerySession session, string challengeId, DateTimeOffset now, CancellationToken cancellation) =>
        await session.LoadAsync<SignInChallenge>(challengeId, cancellation) is { } challenge && now < challenge.ExpiresAt
            ? challenge
            : null;
}

/// <summary>A sign-in whose principal's stream is locked, until it is disposed of.</summary>
public sealed class OpenSignIn(string accountId, SignInChallenge challenge, IDocumentSession session, IDisposable turn)
    : IAsyncDisposable
{
    private IEventStream<PrincipalMfa>? stream;

    public string AccountId => accountId;

    public PrincipalMfa State => stream!.Aggregate!;

    /// <summary>Takes the lock; false when the principal has gone.</summary>
    public async Task<bool> LockAsync(CancellationToken cancellation)
    {
        stream = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(challenge.Principal, cancellation);
        return stream.Aggregate is not null;
    }

    /// <summary>A device that the sign-in may be completed with, and its seed; null when the principal has no such one.</summary>
    public async Task<SealedSeed?> SeedOfAsync(Guid deviceId, CancellationToken cancellation) =>
        State.SecondFactors.Any(device => device.DeviceId == deviceId)
            ? await session.LoadAsync<SealedSeed>(deviceId, cancellation)
            : null;

    /// <summary>Commits what was decided; a sign-in that it completes cannot be used again.</summary>
    public async Task CommitAsync(IReadOnlyList<object> events, bool completes, CancellationToken cancellation)
    {
        stream!.AppendMany(events);
        if (completes) session.Delete(challenge);
        await session.SaveChangesAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await session.DisposeAsync();
        turn.Dispose();
    }
}
