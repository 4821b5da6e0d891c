using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Recovery;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;
using Wolverine.Runtime;

namespace MfaEvents.Server.Recovery;

/// <summary>
/// Finds recoveries. Which account one belongs to is in its key and not in the address, so that its endpoints open the account's
/// session themselves.
/// </summary>
public sealed class Recoveries(IDocumentStore store, IWolverineRuntime runtime, Turnstile turnstile, MfaEventsSettings settings)
{
    /// <summary>The account and the id of the recovery that a request has the key of; null when there is none.</summary>
    public async Task<(string AccountId, Guid Id)?> FindAsync(HttpContext http, string recoveryId)
    {
        if (RecoveryKey.Of(http.Request) is not { } key || Uuid.Parse(recoveryId) is not { } id) return null;
        await using var query = store.QuerySession(key.AccountId);
        return await query.LoadAsync<KeptRecoveryKey>(key.KeptId(id), http.RequestAborted) is null ? null : (key.AccountId, id);
    }

    /// <summary>The recovery that a request has the key of, as it is without a lock.</summary>
    public async Task<(string AccountId, RootRecovery State)?> PeekAsync(HttpContext http, string recoveryId)
    {
        if (await FindAsync(http, recoveryId) is not var (accountId, id)) return null;
        await using var query = store.QuerySession(accountId);
        return await query.LoadAsync<RootRecovery>(RootRecovery.StreamKey(id), http.RequestAborted) is { } state
            ? (accountId, state)
            : null;
    }

    /// <summary>Finds the recovery by its key, and locks the root user and it; null for an unknown one or a wrong key.</summary>
    public async Task<HeldRecovery?> HoldAsync(HttpContext http, string recoveryId)
    {
        // Without a lock, so that a guessed key locks nobody.
        return await FindAsync(http, recoveryId) is var (accountId, id)
            ? await HoldAsync(
                accountId, id, Origin.Of(http, accountId, Principal.Root, AccessTokens.IssuerOf(settings)), http.RequestAborted)
            : null;
    }

    /// <summary>Locks the root user first and the recovery then, as whoever locks both does.</summary>
    public async Task<HeldRecovery?> HoldAsync(string accountId, Guid id, Origin origin, CancellationToken cancellation)
    {
        var turn = await turnstile.EnterAsync(accountId, Principal.Root, cancellation);
        var session = store.LightweightSession(accountId);
        var held = new HeldRecovery(accountId, id, session, runtime, turn);
        try
        {
            origin.Stamp(session);
            if (await held.LockAsync(cancellation)) return held;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }

        await held.DisposeAsync();
        return null;
    }

    /// <summary>
    /// The seconds until another recovery of the account may begin; null when it may now. Three have proved the e-mail, or so
    /// many have begun that nobody wants more of their mail.
    /// </summary>
    public async Task<int?> SecondsUntilStartAsync(IQuerySession session, DateTimeOffset now, CancellationToken cancellation)
    {
        if (await SecondsUntilProofAsync(session, now, cancellation) is { } seconds) return seconds;
        var today = now - RecoveryPolicy.Day;
        var begun = await session.Query<RootRecovery>()
            .Where(recovery => recovery.StartedAt > today && recovery.Step != RecoveryStep.Repudiated)
            .OrderByDescending(recovery => recovery.StartedAt)
            .Take(settings.Recovery.StartsPerDay)
            .ToListAsync(cancellation);
        return settings.Recovery.SecondsUntilStart(begun.Select(recovery => recovery.StartedAt), now);
    }

    /// <summary>The seconds until another recovery of the account may prove its e-mail; null when it may now.</summary>
    public async Task<int?> SecondsUntilProofAsync(IQuerySession session, DateTimeOffset now, CancellationToken cancellation)
    {
        var (today, begun) = (now - RecoveryPolicy.Day, now - RecoveryPolicy.Day - settings.Recovery.Lifetime);
        var proven = await session.Query<RootRecovery>()
            .Where(recovery => recovery.StartedAt > begun && recovery.EmailVerifiedAt > today)
            .OrderByDescending(recovery => recovery.EmailVerifiedAt!)
            .Take(settings.Recovery.PerDay)
            .ToListAsync(cancellation);
        return settings.Recovery.SecondsUntilProof(proven.Select(recovery => recovery.EmailVerifiedAt).OfType<DateTimeOffset>(), now);
    }

    /// <summary>The account's recoveries that may still go on: no more than may begin while one lives.</summary>
    public async Task<IReadOnlyList<RootRecovery>> OpenAsync(
        IQuerySession session, DateTimeOffset now, CancellationToken cancellation)
    {
        var since = now - settings.Recovery.Lifetime - settings.Recovery.HoldLifetime;
        return await session.Query<RootRecovery>()
            .Where(recovery => recovery.StartedAt > since
                && (recovery.Step == RecoveryStep.Email || recovery.Step == RecoveryStep.Phone || recovery.Step == RecoveryStep.Verified))
            .ToListAsync(cancellation);
    }
}
