using Marten;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine;
using Wolverine.ErrorHandling;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Runtime.Handlers;

namespace MfaEvents.Server.Sealing;

/// <summary>How far a rotation is.</summary>
/// <param name="State"><c>running</c> or <c>succeeded</c>.</param>
/// <param name="Sealed">What is sealed anew.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="FinishedAt">When the last old key was gone from every node.</param>
public sealed record KeyRotationView(
    RotationState State, SealingProgress Sealed, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt)
{
    public static KeyRotationView Of(KeyRotation rotation) => new(
        rotation.IsRunning ? RotationState.Running : RotationState.Succeeded,
        new SealingProgress(rotation.Done, rotation.Total, rotation.Unreadable),
        rotation.StartedAt,
        rotation.FinishedAt);
}

/// <summary>What is sealed anew.</summary>
/// <param name="Done">Values that are.</param>
/// <param name="Total">Values that are or will be; it grows with what was sealed meanwhile.</param>
/// <param name="Unreadable">Values that no key opens, and that stay as they are.</param>
public sealed record SealingProgress(long Done, long Total, long Unreadable);

public enum RotationState
{
    Running,
    Succeeded,
}

/// <summary>Starts a rotation: new keys for sealing and for tokens, and everything sealed anew.</summary>
public static class RotateKeysEndpoint
{
    [WolverinePost(Routes.KeyRotations), NotTenanted, MartenStore(typeof(IDirectoryStore)), Allow(Role.Operator, AllAccounts = true)]
    [Answers(202, typeof(KeyRotationView))]
    public static async Task<(Answer, OutgoingMessages)> Post(
        Caller caller, IDocumentSession directory, TimeProvider clock, CancellationToken cancellation)
    {
        await directory.HoldAsync(AdvisoryLock.Rotation, cancellation);
        if (await directory.Query<KeyRotation>().AnyAsync(rotation => rotation.Stage != RotationStage.Finished, cancellation))
            return (Problems.RotationRunning, []);

        var now = clock.GetUtcNow();
        var rotation = new KeyRotation
        {
            Id = Guid.CreateVersion7(now),
            StartedBy = caller.Subject,
            StartedAt = now,
            SealingKey = Guid.NewGuid(),
        };
        directory.Insert(rotation);
        var location = $"{Routes.KeyRotations}/{rotation.Id}";
        return (Answer.Accepted(location, KeyRotationView.Of(rotation)), [new RotateKeys(rotation.Id, rotation.Step)]);
    }
}

/// <summary>The next step of a rotation.</summary>
public sealed record RotateKeys(Guid RotationId, int Step);

[MartenStore(typeof(IDirectoryStore))]
public static class RotateKeysHandler
{
    // A step that fails changed nothing, and there is nobody who could do it instead.
    public static void Configure(HandlerChain chain) => chain.OnAnyException().ScheduleRetryIndefinitely(
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));

    public static async Task<OutgoingMessages> Handle(
        RotateKeys message, IDocumentSession session, KeyRotator rotator, CancellationToken cancellation)
    {
        var next = message with { Step = message.Step + 1 };
        return await rotator.StepAsync(session, message, cancellation) switch
        {
            null => [],
            { Ticks: 0 } => [next],
            { } delay => [next.DelayedFor(delay)],
        };
    }
}
