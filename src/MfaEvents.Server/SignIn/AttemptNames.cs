using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.SignIn;

/// <summary>What attempts of strangers are counted under: a keyed hash of what they ask for and of their network.</summary>
public sealed class AttemptNames(IDirectoryStore directory, Seals seals)
{
    private const int KeyLength = 32;

    private volatile byte[]? opened;

    /// <summary>Passwords for a name, whether anybody has it or not.</summary>
    public Task<string> OfPasswordAsync(SignInName name, IPAddress? client, CancellationToken cancellation) =>
        NameAsync(["password", .. name.Parts, NetworkOf(client)], cancellation);

    /// <summary>Recoveries of an account's root user.</summary>
    public Task<string> OfRecoveryAsync(string accountId, IPAddress? client, CancellationToken cancellation) =>
        NameAsync(["recovery", accountId, NetworkOf(client)], cancellation);

    private static string NetworkOf(IPAddress? client) => Convert.ToHexString(ClientAddress.Network(client));

    private async Task<string> NameAsync(string?[] parts, CancellationToken cancellation)
    {
        var key = opened ??= await KeyAsync(cancellation);
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, JsonSerializer.SerializeToUtf8Bytes(parts)));
    }

    // Of the nodes that find none, the first to get the lock makes one, and the others find it.
    private async Task<byte[]> KeyAsync(CancellationToken cancellation)
    {
        await using var session = directory.LightweightSession();
        if (await StoredAsync() is { } known) return known;
        await session.HoldAsync(AdvisoryLock.AttemptKey, cancellation);
        if (await StoredAsync() is { } other) return other;

        var key = RandomNumberGenerator.GetBytes(KeyLength);
        session.Insert(new AttemptKey { SealedKey = seals.Seal(AttemptKey.Purpose, key) });
        await session.SaveChangesAsync(cancellation);
        return key;

        async Task<byte[]?> StoredAsync() => await session.LoadAsync<AttemptKey>(AttemptKey.Purpose, cancellation) is { } stored
            ? seals.Open(AttemptKey.Purpose, stored.SealedKey)
            : null;
    }
}
