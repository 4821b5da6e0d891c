using Marten;
using Marten.Services;

namespace MfaEvents.Server.Operations;

/// <summary>Counts the events of every session once they are committed, and never before.</summary>
public sealed class CommittedEvents(MfaMetrics metrics) : DocumentSessionListenerBase
{
    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        if (!metrics.WantsEvents) return Task.CompletedTask;
        foreach (var committed in commit.GetEvents()) metrics.Count(committed.Data);
        return Task.CompletedTask;
    }
}
