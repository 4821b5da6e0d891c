using JasperFx.Events;
using Marten;
using Marten.Events.Aggregation;
using Marten.Events.Projections;
using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit;

namespace MfaEvents.Server.Support;

/// <summary>
/// Keeps the state of each case, in the transaction of its events, and leaves in it a message for the desk's queue, whoever or
/// whatever took the step.
/// </summary>
public sealed partial class SupportCaseSnapshot : SingleStreamProjection<SupportCase, string>
{
    // The streams of others cost nothing here.
    public SupportCaseSnapshot() => IncludeType<ICaseEvent>();

    public override SupportCase? Evolve(SupportCase? snapshot, string id, IEvent e) =>
        e.Data is ICaseEvent happened ? SupportCase.Evolve(snapshot, id, happened, e.Timestamp, People.Of(e)) : snapshot;

    public override ValueTask RaiseSideEffects(IDocumentOperations operations, IEventSlice<SupportCase> slice)
    {
        if (slice.Snapshot is { } found) slice.PublishMessage(new QueueCase(slice.TenantId, found.CaseId));
        return ValueTask.CompletedTask;
    }
}

/// <summary>Who somebody is at the desk: issuer and subject.</summary>
public static class People
{
    /// <summary>Who did what an event tells of; its metadata says it.</summary>
    public static Person Of(IEvent e) => new(e.GetHeader(Origin.ActorIssuerHeader)?.ToString() ?? "", e.UserName ?? "");

    public static Person Person(this Caller caller) => new(caller.Issuer, caller.Subject);
}

/// <summary>The case about a principal that has not ended: there is one at most.</summary>
/// <param name="Id">The principal.</param>
/// <param name="Case">The case's stream.</param>
public sealed record CaseInProgress(string Id, string Case);

/// <summary>
/// Keeps which principals have a case in progress, in the transaction of its events. Cases are opened under the principal's lock.
/// </summary>
public sealed partial class CasesInProgress : EventProjection
{
    public CasesInProgress()
    {
        Name = "cases-in-progress";
        Options.DeleteViewTypeOnTeardown<CaseInProgress>();
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        switch (e.Data)
        {
            case CaseOpened opened:
                operations.Store(new CaseInProgress(opened.Principal, e.StreamKey!));
                break;
            case RemovalDeclined or RemovalVetoed or RemovalExecuted or CaseExpired or CaseClosed:
                var over = e.StreamKey!;
                operations.DeleteWhere<CaseInProgress>(one => one.Case == over);
                break;
        }

        return ValueTask.CompletedTask;
    }
}
