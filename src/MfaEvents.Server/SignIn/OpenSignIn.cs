using Marten;
using JasperFx.Events;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.SignIn;

/// <summary>
/// A sign-in between password and code, with its principal's stream locked. Which account it belongs to is in its key and not in
/// the address, so that its endpoints open the session themselves.
/// </summary>
public sealed class OpenSignIn : IAsyncDisposable
{
    private readonly IDocumentSession session;
    private readonly IEventStream<PrincipalMfa> stream;
    private readonly SignInChallenge challenge;

    private OpenSignIn(string accountId, IDocumentSession session, IEventStream<PrincipalMfa> stream, SignInChallenge challenge)
    {
        (AccountId, this.session, this.stream, this.challenge) = (accountId, session, stream, challenge);
    }

    public string AccountId { get; }

    public PrincipalMfa State => stream.Aggregate!;

    /// <summary>Finds the sign-in and locks its principal; null when it is void, used, or its key is a wrong one.</summary>
    public static async Task<OpenSignIn?> HoldAsync(
        IDocumentStore store, HttpContext http, string signInId, MfaEventsSettings settings, DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        if (SignInKey.Of(http.Request) is not { } key || Uuid.Parse(signInId) is not { } id) return null;

        IDocumentSession? session = store.LightweightSession(key.AccountId);
        try
        {
            // Once without a lock, so that a guessed key locks nobody, and once under it, so that of two codes one completes it.
            if (await FindAsync() is not { } found) return null;
            var stream = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(found.Principal, cancellation);
            if (stream.Aggregate is null || await FindAsync() is not { } challenge) return null;

            Origin.Of(http, key.AccountId, challenge.Principal, AccessTokens.IssuerOf(settings)).Stamp(session);
            var held = new OpenSignIn(key.AccountId, session, stream, challenge);
            session = null;
            return held;
        }
        finally
        {
            if (session is not null) await session.DisposeAsync();
        }

        async Task<SignInChallenge?> FindAsync() =>
            await session!.LoadAsync<SignInChallenge>(key.ChallengeId(id), cancellation) is { } challenge && now < challenge.ExpiresAt
                ? challenge
                : null;
    }

    /// <summary>A device that the sign-in may be completed with, and its seed; null when the principal has no such one.</summary>
    public async Task<SealedSeed?> SeedOfAsync(Guid deviceId, CancellationToken cancellation) =>
        State.SecondFactors.Any(device => device.DeviceId == deviceId)
            ? await session.LoadAsync<SealedSeed>(deviceId, cancellation)
            : null;

    /// <summary>Commits what was decided; a sign-in that it completes cannot be used again.</summary>
    public async Task CommitAsync(IReadOnlyList<object> events, bool completes, CancellationToken cancellation)
    {
        stream.AppendMany(events);
        if (completes) session.Delete(challenge);
        await session.SaveChangesAsync(cancellation);
    }

    public ValueTask DisposeAsync() => session.DisposeAsync();
}
