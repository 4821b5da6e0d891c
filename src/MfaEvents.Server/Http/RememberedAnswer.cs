using Marten;

namespace MfaEvents.Server.Http;

/// <summary>The answer to a request that carried an Idempotency-Key, committed with what the request did.</summary>
public sealed record RememberedAnswer
{
    /// <summary>A hash of the caller, the route with its values, and the key.</summary>
    public required string Id { get; init; }

    /// <summary>The sealed key under which <see cref="BodyMac"/> was made.</summary>
    public required string SealedMacKey { get; init; }

    /// <summary>
    /// HMAC-SHA256 of the request body: bodies hold codes and passwords, of which a bare hash could be guessed.
    /// </summary>
    public required string BodyMac { get; init; }

    public required int Status { get; init; }

    public string? Location { get; init; }

    /// <summary>The body as JSON, without a secret; null when there was none.</summary>
    public string? Body { get; init; }

    /// <summary>The secret that the body showed.</summary>
    public ShownSecret? Secret { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public static void Map(StoreOptions store)
    {
        store.Schema.For<RememberedAnswer>().Duplicate(answer => answer.ExpiresAt);
    }
}
