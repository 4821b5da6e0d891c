using JasperFx.Events;
using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Devices;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using MfaEvents.Server.Support;

namespace MfaEvents.Server.SignIn;

/// <summary>
/// Finds sign-ins between password and code. Which account one belongs to is in its key and not in the address, so that its
/// endpoints open the account's session themselves.
/// </summary>
public sealed class OpenSignIns(IDocumentStore store, Turnstile turnstile, Seals seals, MfaEventsSettings settings)
{
    /// <summary>Finds the sign-in and locks its principal; null when it is void, used, or its key is a wrong one.</summary>
    public Task<OpenSignIn?> HoldAsync(HttpContext http, string signInId, DateTimeOffset now) =>
        HoldAsync(http, signInId, Guid.Empty, now, _ => Task.FromResult(true));

    /// <summary>
    /// Finds the sign-in and locks its principal; null when it is void, used, its key is a wrong one, or the principal has no
    /// such device to be asked for a code.
    /// </summary>
    public Task<OpenSignIn?> HoldAsync(HttpContext http, string signInId, Guid deviceId, DateTimeOffset now) =>
        HoldAsync(http, signInId, deviceId, now, held => held.TakeSeedAsync(seals, http.RequestAborted));

    /// <summary>The same for a sign-in that needs the enrolment code; null for any other.</summary>
    public Task<OpenSignIn?> HoldForEnrolmentAsync(HttpContext http, string signInId, DateTimeOffset now) =>
        HoldAsync(http, signInId, Guid.Empty, now, held => held.TakeEnrolmentCodeAsync(http.RequestAborted));

    private async Task<OpenSignIn?> HoldAsync(
        HttpContext http, string signInId, Guid deviceId, DateTimeOffset now, Func<OpenSignIn, Task<bool>> take)
    {
        var cancellation = http.RequestAborted;
        if (SignInKey.Of(http.Request) is not { } key || Uuid.Parse(signInId) is not { } id) return null;

        // Once without a lock, so that a guessed key locks nobody, and once under it, so that of two codes one completes it.
        await using var query = store.QuerySession(key.AccountId);
        if (await FindAsync(query, key.ChallengeId(id), now, cancellation) is not { } found) return null;

        var turn = await turnstile.EnterAsync(key.AccountId, found.Principal, cancellation);
        var session = store.LightweightSession(key.AccountId);
        var held = new OpenSignIn(key.AccountId, found, deviceId, session, turn);
        try
        {
            Origin.Of(http, key.AccountId, found.Principal, AccessTokens.IssuerOf(settings)).Stamp(session);
            if (await held.LockAsync(cancellation)
                && await FindAsync(session, found.Id, now, cancellation) is not null
                && await take(held))
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

/// <summary>A sign-in with one of its devices, whose principal's stream is locked until it is disposed of.</summary>
public sealed class OpenSignIn(
    string accountId, SignInChallenge challenge, Guid deviceId, IDocumentSession session, IDisposable turn) : IAsyncDisposable
{
    private IEventStream<PrincipalMfa>? stream;
    private Func<SecretKey>? open;

    public string AccountId => accountId;

    public Guid DeviceId => deviceId;

    /// <summary>The session whose transaction holds the lock.</summary>
    public IDocumentSession Session => session;

    public int WrongPasswords => challenge.WrongPasswords;

    public PrincipalMfa State => stream!.Aggregate!;

    /// <summary>What is kept of the enrolment code; null when none was issued, or it is not asked for.</summary>
    public EnrolmentCode? EnrolmentCode { get; private set; }

    /// <summary>Takes the lock; false when the principal has gone.</summary>
    public async Task<bool> LockAsync(CancellationToken cancellation)
    {
        stream = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(challenge.Principal, cancellation);
        return stream.Aggregate is not null;
    }

    /// <summary>Takes the device's seed; false when the sign-in may not be completed with it.</summary>
    public async Task<bool> TakeSeedAsync(Seals seals, CancellationToken cancellation)
    {
        if (State.SecondFactors.All(device => device.DeviceId != deviceId)) return false;
        if (await session.LoadAsync<SealedSeed>(deviceId, cancellation) is not { } seed) return false;
        open = () => seals.Open(accountId, State.Id, seed);
        return true;
    }

    /// <summary>Takes what is kept of the enrolment code; false when the sign-in needs none.</summary>
    public async Task<bool> TakeEnrolmentCodeAsync(CancellationToken cancellation)
    {
        if (!State.EnrolmentCodeRequired) return false;
        EnrolmentCode = await session.LoadAsync<EnrolmentCode>(State.Id, cancellation);
        return true;
    }

    /// <summary>Opens the device's seed, which is not done during a wait.</summary>
    public SecretKey Key() => open!();

    /// <summary>Commits what was decided about a code, and answers it: a right one has signed in.</summary>
    /// <param name="decision">What was decided.</param>
    /// <param name="begun">The session that a right code begins.</param>
    /// <param name="tokens">Issue its token.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<Answer> AnswerAsync(
        CodeDecision decision, Session begun, AccessTokens tokens, CancellationToken cancellation)
    {
        var accepted = decision.Outcome == CodeOutcome.Accepted;
        await CommitAsync(decision.Events, completes: accepted, cancellation);
        return accepted ? Answer.Ok(await tokens.IssueAsync(accountId, begun, cancellation)) : CodeRefusals.For(decision);
    }

    /// <summary>Commits what was decided; a sign-in that it completes cannot be used again.</summary>
    public async Task CommitAsync(IReadOnlyList<object> events, bool completes, CancellationToken cancellation)
    {
        stream!.AppendMany(events);
        if (events.Any(e => e is SignedIn { Factor: Factor.Otp })) await session.VetoBySignInAsync(State.Id, cancellation);
        if (completes) session.Delete(challenge);
        await session.SaveChangesAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await session.DisposeAsync();
        turn.Dispose();
    }
}
