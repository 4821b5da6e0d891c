using Marten;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Sealing;

/// <summary>
/// An Ed25519 key (RFC 8032) that signs the checkpoints of the audit logs. One signs; those before it keep their public part for
/// ever, for what they signed is verified for as long as somebody has it.
/// </summary>
public sealed record CheckpointKey
{
    /// <summary>The public part, 32 bytes in lower-case hexadecimal.</summary>
    public required string Id { get; init; }

    /// <summary>The private part (the seed of RFC 8032) under the key ring; null once the key is retired.</summary>
    public string? SealedPrivateKey { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required KeyState State { get; init; }

    public byte[] PublicKey => Convert.FromHexString(Id);

    public static void Map(StoreOptions store) => store.Schema.For<CheckpointKey>().DatabaseSchemaName(EventStore.SealedSchema);

    public override string ToString() => $"checkpoint key {Id}";
}
