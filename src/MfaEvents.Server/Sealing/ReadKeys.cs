using Marten;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Sealing;

/// <summary>The keys of this service, without their material.</summary>
public sealed record KeysView(IReadOnlyList<KeyView> Keys);

/// <summary>One key.</summary>
public sealed record KeyView(string KeyId, KeyPurpose Purpose, KeyState State, DateTimeOffset CreatedAt);

/// <summary>What a key is for.</summary>
public enum KeyPurpose
{
    /// <summary>Secrets at rest.</summary>
    Sealing,

    /// <summary>The product's own access tokens.</summary>
    Tokens,

    /// <summary>The audit log's checkpoints.</summary>
    Checkpoints,
}

/// <summary>Lists the keys, the newest of each purpose first.</summary>
public static class ReadKeysEndpoint
{
    [WolverineGet(Routes.Keys), NotTenanted, Allow(Role.Operator)]
    [Answers(200, typeof(KeysView))]
    public static async Task<Answer> Get(IDirectoryStore directory, TimeProvider clock, CancellationToken cancellation)
    {
        await using var session = directory.QuerySession();
        var now = clock.GetUtcNow();
        var sealing = (await session.Query<SealingKey>().ToListAsync(cancellation))
            .Select(key => new KeyView(key.Id.ToString(), KeyPurpose.Sealing, key.State, key.CreatedAt));
        var tokens = (await session.Query<TokenKey>().ToListAsync(cancellation))
            .Select(key => new KeyView(
                key.Id, KeyPurpose.Tokens, key.Verifies(now) ? key.State : KeyState.Retired, key.CreatedAt));
        var checkpoints = (await session.Query<CheckpointKey>().ToListAsync(cancellation))
            .Select(key => new KeyView(key.Id, KeyPurpose.Checkpoints, key.State, key.CreatedAt));
        return Answer.Ok(new KeysView(
        [
            .. sealing.OrderByDescending(key => key.CreatedAt),
            .. tokens.OrderByDescending(key => key.CreatedAt),
            .. checkpoints.OrderByDescending(key => key.CreatedAt),
        ]));
    }
}

/// <summary>Tells how far a rotation is.</summary>
public static class ReadKeyRotationEndpoint
{
    [WolverineGet(Routes.KeyRotation), NotTenanted, Allow(Role.Operator, AllAccounts = true)]
    [Answers(200, typeof(KeyRotationView))]
    public static async Task<Answer> Get(string rotationId, IDirectoryStore directory, CancellationToken cancellation)
    {
        if (Uuid.Parse(rotationId) is not { } id) return Problems.NotFound;
        await using var session = directory.QuerySession();
        var rotation = await session.LoadAsync<KeyRotation>(id, cancellation);
        return rotation is null ? Problems.NotFound : Answer.Ok(KeyRotationView.Of(rotation));
    }
}
