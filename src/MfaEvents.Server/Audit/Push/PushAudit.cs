using System.Security.Cryptography;
using Marten;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit.Export;
using MfaEvents.Server.Setup;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Runtime;

namespace MfaEvents.Server.Audit.Push;

/// <summary>
/// Posts the events of all accounts to the configured receiver, in the order of the global sequence and at least once each, from one node at a
/// time: the position moves behind what the receiver has taken, and behind an event that it refuses again and again once that is put aside as
/// the message <see cref="PushRefused"/>.
/// </summary>
public sealed partial class PushAudit(
    Database database,
    IDocumentStore store,
    IWolverineRuntime wolverine,
    Webhook webhook,
    CloudEvents events,
    PushMetrics metrics,
    MfaEventsSettings settings,
    TimeProvider clock,
    ILogger<PushAudit> logger) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TurnPoll = TimeSpan.FromSeconds(2);

    private readonly PushSettings push = settings.Audit.Push;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var turn = await PushTurn.TakeAsync(database.ConnectionString, TurnPoll, metrics.Forget, stoppingToken);
                await PushAsync(turn, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // The process ends.
            }
            catch (Exception exception)
            {
                // Not the receiver. Whoever has the turn next goes on from the position.
                LogInterrupted(exception.GetType().Name);
                await Task.Delay(TurnPoll, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        metrics.Forget();
    }

    private async Task PushAsync(PushTurn turn, CancellationToken cancellation)
    {
        try
        {
            await DeliverAsync(turn, cancellation);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested && !DatabaseFaults.IsTransient(exception))
        {
            // An event that cannot be read or written as JSON: nobody skips it, and an operator has to hear of it.
            await turn.FailAsync(clock.GetUtcNow(), exception.GetType().Name, cancellation);
            throw;
        }
    }

    private async Task DeliverAsync(PushTurn turn, CancellationToken cancellation)
    {
        var (position, givenUp) = await turn.PositionAsync(cancellation);
        var pace = new PushPace(push.BatchSize) { GivenUp = givenUp };
        while (true)
        {
            var (lag, oldest) = await turn.LagAsync(position, cancellation);
            metrics.Observe(lag, oldest);
            var rows = await turn.NextAsync(position, pace.Limit, cancellation);
            if (rows.Count == 0)
            {
                await Task.Delay(Poll, cancellation);
                continue;
            }

            var batch = PushBatch.Of(rows, events);
            var answer = await webhook.PostAsync(batch, cancellation);
            if (answer.Outcome == PushOutcome.Delivered)
            {
                await turn.MoveAsync(position = batch.Last, cancellation);
                metrics.Deliver(batch.Events);
                if (pace.Failures > 0) LogDelivered();
                pace = pace.AfterDelivery();
                continue;
            }

            metrics.Fail(answer.Cause);
            var before = pace;
            pace = answer.Outcome == PushOutcome.Refused ? pace.AfterRefusal(batch.Events) : pace.AfterFailure();
            if (pace.GivesUp)
            {
                (position, pace) = (batch.Last, pace.AfterGivingUp());
                await PutAsideAsync(turn, position, pace.GivenUp, cancellation);
                continue;
            }

            if (pace.Failures == 0) continue;
            if (before.Failures == 0) LogFailed(answer.Cause);
            await turn.FailAsync(clock.GetUtcNow(), answer.Cause, cancellation);
            await Task.Delay(PauseOf(pace, answer.RetryAfter), cancellation);
        }
    }

    // Up to a quarter longer, so that receivers of many senders are not asked by all at once.
    private TimeSpan PauseOf(PushPace pace, TimeSpan? wish)
    {
        var pause = pace.Pause(push.FirstPause, push.LongestPause) * (1 + RandomNumberGenerator.GetInt32(250) / 1000.0);
        return wish > pause ? wish.Value : pause;
    }

    private async Task PutAsideAsync(PushTurn turn, long sequence, int givenUp, CancellationToken cancellation)
    {
        // Other dead letters are forgotten after a while; without this one the receiver would lack an event for ever, and nobody would know.
        var kept = new DeliveryOptions { DeliverBy = clock.GetUtcNow().AddYears(100) };
        await turn.PutAsideAsync(
            sequence,
            givenUp,
            store,
            async session => await new MartenOutbox(wolverine, session).PublishAsync(new PushRefused(sequence), kept),
            cancellation);
        metrics.GiveUp();
        LogGivenUp(sequence);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The receiver of the audit push does not take events ({Cause}); they wait")]
    private partial void LogFailed(string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "The receiver of the audit push takes events again")]
    private partial void LogDelivered();

    [LoggerMessage(Level = LogLevel.Error, Message = "The receiver of the audit push refuses event {Sequence}: it is among the dead letters")]
    private partial void LogGivenUp(long sequence);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The audit push is interrupted: {Cause}")]
    private partial void LogInterrupted(string cause);
}
