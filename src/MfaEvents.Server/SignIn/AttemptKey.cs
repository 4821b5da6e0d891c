using Marten;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.SignIn;

/// <summary>
/// The key under which counted attempts are named. Whoever reads the counts alone cannot try names and addresses against them.
/// </summary>
public sealed record AttemptKey
{
    public const string Purpose = "attempt-key";

    /// <summary>There is one of it.</summary>
    public string Id { get; init; } = Purpose;

    /// <summary>256 random bits under the key ring.</summary>
    public required string SealedKey { get; init; }

    public static void Map(StoreOptions store) => store.Schema.For<AttemptKey>().DatabaseSchemaName(EventStore.SealedSchema);

    public override string ToString() => "***";
}
