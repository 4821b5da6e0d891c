using Marten;
using MfaEvents.Server.Setup;
using Wolverine;

namespace MfaEvents.Server.Jobs;

/// <summary>
/// The next step of a rebuild. What it does, how far the rebuild is then and the message for the step after it are one commit: a
/// node that is killed leaves its step to the others, undone.
/// </summary>
public sealed record ContinueRebuild(Guid RebuildId, int Step);

public static partial class ContinueRebuildHandler
{
    public static async Task<OutgoingMessages> Handle(
        ContinueRebuild message,
        IDocumentSession session,
        TrailRebuild trail,
        IDocumentStore store,
        TimeProvider clock,
        ILogger<TrailRebuild> logger,
        CancellationToken cancellation)
    {
        await session.HoldAsync(AdvisoryLock.RebuildStep, cancellation);
        var rebuild = await session.LoadAsync<Rebuild>(message.RebuildId, cancellation);
        if (rebuild is not { IsRunning: true } || rebuild.Step != message.Step) return [];

        var next = await session.LoadAsync<RebuildCancellation>(rebuild.Id, cancellation) is { } cancelled
            ? await EndedAsync(rebuild, RebuildState.Cancelled, $"{cancelled.By} cancelled it.")
            : await StepAsync();
        session.Store(next with { Step = rebuild.Step + 1 });
        return next.IsRunning ? [message with { Step = rebuild.Step + 1 }] : [];

        async Task<Rebuild> StepAsync()
        {
            try
            {
                return await trail.StepAsync(session, rebuild, cancellation);
            }
            catch (Exception exception) when (!DatabaseFaults.IsTransient(exception) && exception is not OperationCanceledException)
            {
                // The step's transaction is lost, and with it nothing but the step.
                LogFailed(logger, rebuild.Id, exception);
                await using var another = store.LightweightSession();
                await another.BeginTransactionAsync(cancellation);
                await trail.DropAsync(another, rebuild, cancellation);
                another.Store(rebuild with
                {
                    State = RebuildState.Failed,
                    FinishedAt = clock.GetUtcNow(),
                    Outcome = $"It failed with a {exception.GetType().Name}; the view is as it was.",
                });
                await another.SaveChangesAsync(cancellation);
                throw;
            }
        }

        async Task<Rebuild> EndedAsync(Rebuild ended, RebuildState state, string outcome)
        {
            await trail.DropAsync(session, ended, cancellation);
            return ended with { State = state, FinishedAt = clock.GetUtcNow(), Outcome = outcome };
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The rebuild {RebuildId} failed")]
    private static partial void LogFailed(ILogger logger, Guid rebuildId, Exception exception);
}
