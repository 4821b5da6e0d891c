using Marten;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Sealing;

/// <summary>A rotation of the keys: who asked for it, and how far it is. Its messages only say which step comes next.</summary>
public sealed record KeyRotation
{
    public required Guid Id { get; init; }

    /// <summary>The subject who asked for it.</summary>
    public required string StartedBy { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The key that it makes for sealing.</summary>
    public required Guid SealingKey { get; init; }

    public RotationStage Stage { get; init; }

    /// <summary>Counts what was done, so that a message that comes twice does nothing the second time.</summary>
    public int Step { get; init; }

    /// <summary>Values sealed anew.</summary>
    public long Done { get; init; }

    /// <summary>Values sealed anew, and those that are to be.</summary>
    public long Total { get; init; }

    /// <summary>How often all places were gone through: the last time finds nothing.</summary>
    public int Pass { get; init; }

    /// <summary>Sealed anew in this pass.</summary>
    public long Found { get; init; }

    /// <summary>Values of this pass that open for nobody.</summary>
    public long Unreadable { get; init; }

    public int Place { get; init; }

    public string? After { get; init; }

    public bool IsRunning => Stage != RotationStage.Finished;

    public static void Map(StoreOptions store) => store.Schema.For<KeyRotation>().DatabaseSchemaName(EventStore.SealedSchema);
}

public enum RotationStage
{
    /// <summary>The new keys are to be made and told to all nodes.</summary>
    Announcing,

    /// <summary>What is sealed is being sealed anew.</summary>
    Sealing,

    /// <summary>Nothing is left under the old keys, which are being taken away.</summary>
    Retiring,

    Finished,
}
