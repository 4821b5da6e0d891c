using JasperFx;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Wolverine.Persistence.Durability;
using Wolverine.Runtime;
using Wolverine.Runtime.Agents;

namespace MfaEvents.Server.Operations;

/// <summary>
/// Watches the projections that this node runs: writes down for all nodes that one has stopped, tells the operator, and starts it
/// again when an operator wants it to. Looking costs a glance into memory; the database is asked only while a projection stands,
/// or for somebody who listens to the figures.
/// </summary>
public sealed partial class ProjectionWatch(
    Projections projections,
    IDocumentStore store,
    IWolverineRuntime wolverine,
    IMessageStore messages,
    MfaMetrics metrics,
    TimeProvider clock,
    ILogger<ProjectionWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FiguresEvery = TimeSpan.FromSeconds(10);

    private readonly HashSet<string> told = [];
    private readonly HashSet<string> running = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause);
        var figuresDue = clock.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    foreach (var (name, _, _, shards) in projections.Registered)
                        if (AgentOf(shards) is { } agent) await LookAsync(name, shards, agent, stoppingToken);
                        else running.Remove(name);

                    if (!metrics.WantsDatabaseFigures || clock.GetElapsedTime(figuresDue) < TimeSpan.Zero) continue;
                    figuresDue = clock.GetTimestamp() + (long)(FiguresEvery.TotalSeconds * clock.TimestampFrequency);
                    var states = await projections.ReadAsync(stoppingToken);
                    metrics.Observe(states, (await messages.Admin.FetchCountsAsync()).DeadLetter);
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    // The next look comes in a second; whoever asks for the state meanwhile hears of the database itself.
                    metrics.Forget();
                    LogBlind(exception.GetType().Name);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    private EventSubscriptionAgent? AgentOf(IReadOnlyList<ShardName> shards)
    {
        var uri = wolverine.Agents.AllRunningAgentUris()
            .FirstOrDefault(uri => shards.Any(shard => Projections.IsFor(uri, shard)));
        return uri is not null && wolverine.Agents.TryFindActiveAgent<EventSubscriptionAgent>(uri, out var agent) ? agent : null;
    }

    private async Task LookAsync(
        string name, IReadOnlyList<ShardName> shards, EventSubscriptionAgent agent, CancellationToken cancellation)
    {
        if (agent.Status == AgentStatus.Running)
        {
            if (running.Contains(name)) return;
            await using var session = store.LightweightSession();
            session.Delete<ProjectionStop>(name);
            await session.SaveChangesAsync(cancellation);
            running.Add(name);
            if (told.Remove(name)) LogRuns(name);
        }
        else if (agent.Failure is { } failure)
        {
            running.Remove(name);
            var (stop, isNew) = await WrittenDownAsync(name, shards, failure, cancellation);
            var then = stop.Retries ? "It tries again by itself" : "It waits for an operator";
            if (told.Add(name)) LogStopped(name, stop.Where, stop.Cause, then);
            if (!isNew && stop.ResumptionAt is not null) await ResumeAsync(name, agent, cancellation);
        }
    }

    /// <summary>The stop as it is written down for all nodes, with what an operator wants; written now, if it is new.</summary>
    private async Task<(ProjectionStop Stop, bool IsNew)> WrittenDownAsync(
        string name, IReadOnlyList<ShardName> shards, ShardFailure failure, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        var written = await session.LoadAsync<ProjectionStop>(name, cancellation);
        if (written?.StoppedAt == failure.OccurredAt) return (written, false);

        (long Sequence, string? EventType)? blamed = failure.Event switch
        {
            null => null,
            { Sequence: > 0 } known => (known.Sequence, known.EventTypeName),
            _ => await projections.FirstUnknownAsync(shards, cancellation),
        };
        var cause = failure.RootExceptionType.Split('.')[^1];
        var stop = new ProjectionStop(name, failure.IsTransient, blamed?.Sequence, blamed?.EventType, cause, failure.OccurredAt);
        session.Store(stop);
        await session.SaveChangesAsync(cancellation);
        return (stop, true);
    }

    private async Task ResumeAsync(string name, EventSubscriptionAgent agent, CancellationToken cancellation)
    {
        LogResumes(name);

        // As Wolverine itself restarts a projection that stands still: the node keeps it, so that no other takes it meanwhile.
        await agent.StopAsync(cancellation);
        await agent.StartAsync(cancellation);
        told.Remove(name);

        // Its next look removes the stop, or writes down the next one.
        await using var session = store.LightweightSession();
        session.Delete<ProjectionStop>(name);
        await session.SaveChangesAsync(cancellation);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The projection {Projection} has stopped at {Where}: {Cause}. {Then}")]
    private partial void LogStopped(string projection, string where, string cause, string then);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The projection {Projection} is started again at the wish of an operator")]
    private partial void LogResumes(string projection);

    [LoggerMessage(Level = LogLevel.Information, Message = "The projection {Projection} runs again")]
    private partial void LogRuns(string projection);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state of the projections cannot be seen: {Cause}")]
    private partial void LogBlind(string cause);
}
