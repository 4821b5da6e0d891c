using System.Collections.Concurrent;
using System.Security.Cryptography;
using Marten;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Sealing;

/// <summary>
/// The keys of the product's own access tokens. They lie in the directory, so that what one node signs every node verifies, and
/// each node keeps a copy that it renews every few seconds and, for a key it has never heard of, at once.
/// </summary>
public sealed class TokenKeys(IDirectoryStore directory, Seals seals, MfaEventsSettings settings, TimeProvider clock)
    : IDisposable
{
    /// <summary>How much longer than its last token a replaced key verifies, for clocks of nodes that lie apart.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    private const string Purpose = "token-key";

    /// <summary>Anybody can name keys that do not exist: they cost a query this often at most.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim renewing = new(1, 1);
    private readonly ConcurrentDictionary<string, SigningCredentials> opened = new(StringComparer.Ordinal);
    private volatile Copy? copy;

    /// <summary>What a new token is signed with; its <c>kid</c> is the key's id. The first call makes the first key.</summary>
    public async Task<SigningCredentials> SigningAsync(CancellationToken cancellation)
    {
        var keys = await KeysAsync(settings.Keys.CopyLifetime, cancellation);
        var key = keys.SingleOrDefault(key => key.Signs) ?? await FirstAsync(cancellation);
        return opened.GetOrAdd(key.Id, _ => Open(key));
    }

    /// <summary>
    /// The key that verifies tokens with this <c>kid</c>; none when there is no such key or its time is over. Blocks for one
    /// query when the key is unknown here: another node may have made it a moment ago.
    /// </summary>
    public IReadOnlyList<SecurityKey> Find(string? kid)
    {
        if (string.IsNullOrEmpty(kid)) return [];
        if (In(copy) is { } known) return [known];
        if (copy is { } taken && clock.GetElapsedTime(taken.At) < Patience) return [];

        Task.Run(() => KeysAsync(Patience, CancellationToken.None)).GetAwaiter().GetResult();
        return In(copy) is { } found ? [found] : [];

        SecurityKey? In(Copy? keys) =>
            keys is not null && keys.ById.TryGetValue(kid, out var key) && key.Verifies(clock.GetUtcNow())
                ? keys.Verifying[kid]
                : null;
    }

    /// <summary>The keys whose tokens are valid now, for the JWKS address (RFC 7517 5).</summary>
    public async Task<IReadOnlyList<JsonWebKey>> PublicAsync(CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var keys = await KeysAsync(settings.Keys.CopyLifetime, cancellation);
        return [.. keys.Where(key => key.Verifies(now)).Select(key => key.Public())];
    }

    /// <summary>A new key pair, which does not sign yet.</summary>
    internal TokenKey Make()
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = pair.ExportParameters(includePrivateParameters: false).Q;
        var key = new TokenKey
        {
            Id = "",
            X = Base64UrlEncoder.Encode(point.X),
            Y = Base64UrlEncoder.Encode(point.Y),
            CreatedAt = clock.GetUtcNow(),
            State = KeyState.Active,
            Signs = false,
        };
        var id = Base64UrlEncoder.Encode(key.Public().ComputeJwkThumbprint());
        return key with { Id = id, SealedPrivateKey = seals.Seal(PurposeOf(id), pair.ExportPkcs8PrivateKey()) };
    }

    /// <summary>What the private part of a key is sealed for: a row copied to another id does not open.</summary>
    internal static string PurposeOf(string id) => $"{Purpose}:{id}";

    /// <summary>Reads the keys again at their next use.</summary>
    internal void Forget() => copy = null;

    public void Dispose()
    {
        renewing.Dispose();
        foreach (var credentials in opened.Values) ((ECDsaSecurityKey)credentials.Key).ECDsa.Dispose();
    }

    // Of the nodes that find none, the first to get the lock makes one, and the others find it.
    private async Task<TokenKey> FirstAsync(CancellationToken cancellation)
    {
        await using var session = directory.LightweightSession();
        await session.HoldAsync(AdvisoryLock.TokenKey, cancellation);
        var key = await session.Query<TokenKey>().SingleOrDefaultAsync(key => key.Signs, cancellation);
        if (key is null)
        {
            key = Make() with { Signs = true };
            session.Insert(key);
            await session.SaveChangesAsync(cancellation);
        }

        Forget();
        return key;
    }

    private async Task<IReadOnlyCollection<TokenKey>> KeysAsync(TimeSpan age, CancellationToken cancellation)
    {
        if (Fresh() is { } fresh) return fresh;
        await renewing.WaitAsync(cancellation);
        try
        {
            if (Fresh() is { } renewed) return renewed;
            var at = clock.GetTimestamp();
            await using var session = directory.QuerySession();
            var keys = await session.Query<TokenKey>().Where(key => key.State != KeyState.Retired).ToListAsync(cancellation);
            copy = new Copy(keys.ToDictionary(key => key.Id, StringComparer.Ordinal), at);
            return keys;
        }
        finally
        {
            renewing.Release();
        }

        IReadOnlyCollection<TokenKey>? Fresh() =>
            copy is { } taken && clock.GetElapsedTime(taken.At) < age && taken.ById.Count > 0 ? taken.ById.Values : null;
    }

    private SigningCredentials Open(TokenKey key)
    {
        var pair = ECDsa.Create();
        pair.ImportPkcs8PrivateKey(seals.Open(PurposeOf(key.Id), key.SealedPrivateKey!), out _);
        return new SigningCredentials(new ECDsaSecurityKey(pair) { KeyId = key.Id }, SecurityAlgorithms.EcdsaSha256);
    }

    /// <summary>The keys as they were at a timestamp of the clock.</summary>
    private sealed record Copy(Dictionary<string, TokenKey> ById, long At)
    {
        // One object per key: signature providers are cached by it.
        public Dictionary<string, SecurityKey> Verifying { get; } = ById.ToDictionary(
            key => key.Key, key => (SecurityKey)key.Value.Public(), StringComparer.Ordinal);
    }
}
