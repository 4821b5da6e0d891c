using MfaEvents.Core.Support;
using MfaEvents.Server.Http;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Sealing;
using Wolverine.Marten;

namespace MfaEvents.Server.Support;

/// <summary>Where a case stands after a step.</summary>
public sealed record CaseStep(CaseState State);

public static class CaseAnswers
{
    /// <summary>What the caller is told of a decision; <paramref name="done"/> when it was done.</summary>
    public static Answer Or(this CaseDecision decision, Answer done) => decision.Outcome switch
    {
        CaseOutcome.WrongState => Problems.CaseState,
        CaseOutcome.EvidenceMissing => Problems.EvidenceMissing,
        CaseOutcome.SecondPersonRequired => Problems.SecondPersonRequired,
        _ => done,
    };

    /// <summary>A step that somebody gave a reason for: what they wrote down is kept if it was done.</summary>
    public static (Answer, Events, IMartenOp) Noted(this CaseDecision decision, SealedNote note, Answer done) =>
        (decision.Or(done), [.. decision.Events], decision.IsDone() ? MartenOps.Insert(note) : MartenOps.Nothing());

    public static bool IsDone(this CaseDecision decision) => decision.Outcome == CaseOutcome.Done;

    /// <summary>Counts who was turned away and left no event, because it was recorded often enough.</summary>
    public static CaseDecision Counted(this CaseDecision decision, MfaMetrics metrics)
    {
        if (decision is { Outcome: CaseOutcome.SecondPersonRequired, Events: [] })
            metrics.CountCaseStep(nameof(SecondPersonMissing));
        return decision;
    }
}
