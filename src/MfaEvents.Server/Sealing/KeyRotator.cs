using Marten;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Sealing;

/// <summary>
/// The steps of a rotation. Each ends with one commit of how far it is and of the message for the next one; what it does before
/// may be done again, and comes to the same.
/// </summary>
/// <remarks>
/// Three waits make it safe on many nodes. No node seals with a ring copied longer ago than a third of
/// <see cref="KeySettings.Settling"/>: after that whole time all of them seal with the new key, and no request is under way that
/// sealed with the old one. What such a request or a message from the queue left behind, a later pass finds: the old key is
/// retired after a pass that found nothing. And it is taken away when no node has it in its copy.
/// </remarks>
public sealed partial class KeyRotator(
    KeyRing ring,
    TokenKeys tokens,
    CheckpointKeys checkpoints,
    Seals seals,
    IDocumentStore accounts,
    MfaEventsSettings settings,
    TimeProvider clock,
    ILogger<KeyRotator> log)
{
    /// <summary>How many rows one short transaction locks.</summary>
    private const int PageSize = 200;

    /// <summary>How many values one message seals anew at most, so that a node that dies repeats little.</summary>
    private const int MessageLimit = 1000;

    /// <summary>Does the step that a message names; answers how long the next one waits, or null when there is none.</summary>
    internal async Task<TimeSpan?> StepAsync(IDocumentSession session, RotateKeys message, CancellationToken cancellation)
    {
        await session.HoldAsync(AdvisoryLock.RotationStep, cancellation);
        var rotation = await session.LoadAsync<KeyRotation>(message.RotationId, cancellation);
        if (rotation is not { IsRunning: true } || rotation.Step != message.Step) return null;

        var (changed, delay) = rotation.Stage switch
        {
            RotationStage.Announcing => await AnnounceAsync(session, rotation, cancellation),
            RotationStage.Sealing => await SealAsync(session, rotation, cancellation),
            _ => await FinishAsync(session, rotation, cancellation),
        };
        session.Store(changed with { Step = rotation.Step + 1 });
        return delay;
    }

    // From this commit on each node may seal with the new key, as soon as it reads the ring again. The new token key is
    // published, and signs later.
    private async Task<(KeyRotation, TimeSpan?)> AnnounceAsync(
        IDocumentSession session, KeyRotation rotation, CancellationToken cancellation)
    {
        var key = ring.Make(rotation.SealingKey);
        foreach (var old in await SealingKeysAsync(session, KeyState.Active, cancellation))
            session.Store(old with { State = KeyState.Retiring });
        session.Insert(key);

        await session.HoldAsync(AdvisoryLock.TokenKey, cancellation);
        var signing = await session.Query<TokenKey>().SingleOrDefaultAsync(old => old.Signs, cancellation);
        if (signing is not null) session.Store(signing with { State = KeyState.Retiring });
        session.Insert(tokens.Make() with { Signs = signing is null });

        Announced(rotation.StartedBy, key.Id);
        return (rotation with { Stage = RotationStage.Sealing }, settings.Keys.Settling);
    }

    private async Task<(KeyRotation, TimeSpan?)> SealAsync(
        IDocumentSession session, KeyRotation rotation, CancellationToken cancellation)
    {
        ring.Renew();
        if (ring.ActiveKeyId != rotation.SealingKey) throw new InvalidOperationException("The new key is not known here yet.");
        if (rotation is { Pass: 0 })
        {
            await SignWithTheNewKeyAsync(session, cancellation);
            await checkpoints.RotateAsync(session, cancellation);
            return (rotation with { Pass = 1, Total = await CountAsync(rotation.SealingKey, cancellation) }, TimeSpan.Zero);
        }

        var places = SealedPlace.All;
        for (var pages = 0; pages < MessageLimit / PageSize && rotation.Place < places.Count; pages++)
        {
            var request = new PageRequest(rotation.After, PageSize, Wait: rotation.Pass > 1);
            var page = await AnewAsync(places[rotation.Place], rotation.SealingKey, request, cancellation);
            rotation = rotation with
            {
                Done = rotation.Done + page.Anew,
                Found = rotation.Found + page.Anew,
                Unreadable = rotation.Unreadable + page.Unreadable,
                Place = page.Next is null ? rotation.Place + 1 : rotation.Place,
                After = page.Next,
            };
        }

        if (rotation.Place < places.Count) return (rotation, TimeSpan.Zero);
        return rotation is { Pass: > 1, Found: 0 }
            ? (await RetireAsync(session, rotation, cancellation), settings.Keys.Settling)
            : (rotation with
            {
                Pass = rotation.Pass + 1,
                Found = 0,
                Unreadable = 0,
                Place = 0,
                Total = rotation.Done + await CountAsync(rotation.SealingKey, cancellation),
            }, settings.Keys.CopyLifetime);
    }

    // Every node has published it by now.
    private async Task SignWithTheNewKeyAsync(IDocumentSession session, CancellationToken cancellation)
    {
        var until = clock.GetUtcNow() + settings.Keys.CopyLifetime + settings.SignIn.TokenLifetime + TokenKeys.ClockSkew;
        var keys = await session.Query<TokenKey>().Where(key => key.State != KeyState.Retired).ToListAsync(cancellation);
        foreach (var key in keys.Where(key => key is { State: KeyState.Retiring, Signs: true }))
            session.Store(key with { Signs = false, VerifiesUntil = until });
        foreach (var key in keys.Where(key => key is { State: KeyState.Active, Signs: false }))
            session.Store(key with { Signs = true });
    }

    private async Task<KeyRotation> RetireAsync(IDocumentSession session, KeyRotation rotation, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        foreach (var key in await SealingKeysAsync(session, KeyState.Retiring, cancellation))
            session.Store(key with { State = KeyState.Retired, RetiredAt = now });
        var tokenKeys = session.Query<TokenKey>().Where(key => key.State == KeyState.Retiring);
        foreach (var key in await tokenKeys.ToListAsync(cancellation)) session.Store(key with { SealedPrivateKey = null });
        return rotation with { Stage = RotationStage.Retiring, Total = rotation.Done };
    }

    private async Task<(KeyRotation, TimeSpan?)> FinishAsync(
        IDocumentSession session, KeyRotation rotation, CancellationToken cancellation)
    {
        var retired = await SealingKeysAsync(session, KeyState.Retired, cancellation);
        ring.Discard([.. retired.Select(key => key.Id)]);
        ring.Renew();
        Finished(rotation.SealingKey, rotation.Done, rotation.Unreadable);
        return (rotation with { Stage = RotationStage.Finished, FinishedAt = clock.GetUtcNow() }, null);
    }

    private static Task<IReadOnlyList<SealingKey>> SealingKeysAsync(
        IDocumentSession session, KeyState state, CancellationToken cancellation) =>
        session.Query<SealingKey>().Where(key => key.State == state).ToListAsync(cancellation);

    private async Task<long> CountAsync(Guid active, CancellationToken cancellation)
    {
        await using var connection = await ConnectAsync(cancellation);
        var count = 0L;
        foreach (var place in SealedPlace.All) count += await place.CountAsync(connection, active, cancellation);
        return count;
    }

    private async Task<SealedPage> AnewAsync(SealedPlace place, Guid active, PageRequest request, CancellationToken cancellation)
    {
        await using var connection = await ConnectAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var page = await place.AnewAsync(connection, seals, active, request, cancellation);
        await transaction.CommitAsync(cancellation);
        if (page.Unreadable > 0) Unreadable(page.Unreadable, place.Table);
        return page;
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellation)
    {
        var connection = (NpgsqlConnection)accounts.Storage.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        return connection;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "A rotation of the keys, asked for by {Subject}: the new sealing key is {KeyId}")]
    private partial void Announced(string subject, Guid keyId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} sealed values in {Table} open for nobody and stay as they are")]
    private partial void Unreadable(int count, string table);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The rotation to the sealing key {KeyId} is finished: {Count} values sealed anew, {Unreadable} unreadable")]
    private partial void Finished(Guid keyId, long count, long unreadable);
}
