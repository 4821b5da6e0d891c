using Marten;
using MfaEvents.Server.Setup;
using Npgsql;
using Wolverine;
using Wolverine.Attributes;
using Wolverine.ErrorHandling;
using Wolverine.Runtime.Handlers;

namespace MfaEvents.Server.Jobs;

/// <summary>
/// The next step of a rebuild. What it does, how far the rebuild is then and the message for the step after it are one commit: a
/// node that is killed leaves its step to the others, undone.
/// </summary>
public sealed record ContinueRebuild(Guid RebuildId, int Step);

public static partial class ContinueRebuildHandler
{
    /// <summary>What PostgreSQL is told who does a step: it appends no event, and nobody has to wait for it to know what happened.</summary>
    public const string ApplicationName = "mfaevents-rebuild";

    /// <summary>The longest step makes an index: so many seconds at most.</summary>
    private const int LongestStep = 4 * 3600;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);

    // A step that fails changed nothing, and a rebuild that goes nowhere keeps others of its projection and all erasures waiting.
    public static void Configure(HandlerChain chain) => chain.OnAnyException().ScheduleRetryIndefinitely(
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));

    [MessageTimeout(LongestStep)]
    public static async Task<OutgoingMessages> Handle(
        ContinueRebuild message,
        IDocumentSession session,
        Rebuilders rebuilders,
        IDocumentStore store,
        TimeProvider clock,
        ILogger<Rebuild> logger,
        CancellationToken cancellation)
    {
        if (!await session.TryHoldAsync(message.RebuildId.ToString("N")[^16..], cancellation))
        {
            // Another node is at this step, or died at it a moment ago.
            var later = new OutgoingMessages();
            later.Delay(message, TimeSpan.FromSeconds(2));
            return later;
        }

        var rebuild = await session.LoadAsync<Rebuild>(message.RebuildId, cancellation);
        if (rebuild is not { IsRunning: true } || rebuild.Step != message.Step) return [];
        var rebuilder = rebuilders.For(rebuild);
        await DoAsync($"set local application_name = '{ApplicationName}'");
        await DoAsync("savepoint step");

        var next = await CancelledByAsync(session, rebuild.Id, cancellation) is { } by ? await CancelAsync(by) : await StepAsync();
        session.Store(next with { Step = rebuild.Step + 1 });
        return next.IsRunning ? [message with { Step = rebuild.Step + 1 }] : [];

        async Task<Rebuild> StepAsync()
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var watching = WatchAsync(store, rebuild.Id, ends);
            try
            {
                return await rebuilder.StepAsync(session, rebuild, ends.Token);
            }
            catch (Exception) when (ends.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                await DoAsync("rollback to savepoint step");
                return await CancelAsync((await watching)!);
            }
            catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                // Somebody reads or writes there: the next step is this one once more, and meanwhile they go on.
                await DoAsync("rollback to savepoint step");
                await Task.Delay(LookEvery, cancellation);
                return rebuild;
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested && !DatabaseFaults.IsTransient(exception))
            {
                LogFailed(logger, rebuild.Id, exception.GetType().Name);
                await DoAsync("rollback to savepoint step");
                var why = exception is RebuildRefusedException ? exception.Message : $"It failed with a {exception.GetType().Name}";
                return await EndAsync(RebuildState.Failed, $"{why}; {rebuilder.Left(rebuild)}.");
            }
            finally
            {
                await ends.CancelAsync();
                await watching;
            }
        }

        Task<Rebuild> CancelAsync(string by) => EndAsync(RebuildState.Cancelled, $"{by} cancelled it; {rebuilder.Left(rebuild)}.");

        async Task<Rebuild> EndAsync(RebuildState state, string outcome)
        {
            await rebuilder.DropAsync(session, rebuild, cancellation);
            return rebuild with { State = state, FinishedAt = clock.GetUtcNow(), Outcome = outcome };
        }

        async Task DoAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, (NpgsqlConnection)session.Connection!);
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    // A step may take long: who wants it to end is heard meanwhile.
    private static async Task<string?> WatchAsync(IDocumentStore store, Guid rebuildId, CancellationTokenSource ends)
    {
        try
        {
            while (true)
            {
                await Task.Delay(LookEvery, ends.Token);
                await using var another = store.QuerySession();
                if (await CancelledByAsync(another, rebuildId, ends.Token) is not { } by) continue;
                await ends.CancelAsync();
                return by;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException || DatabaseFaults.IsTransient(exception))
        {
            // The step has ended, or the next one hears of it.
            return null;
        }
    }

    private static async Task<string?> CancelledByAsync(IQuerySession session, Guid rebuildId, CancellationToken cancellation) =>
        (await session.LoadAsync<RebuildCancellation>(rebuildId, cancellation))?.By;

    [LoggerMessage(Level = LogLevel.Error, Message = "The rebuild {RebuildId} failed: {Cause}")]
    private static partial void LogFailed(ILogger logger, Guid rebuildId, string cause);
}
