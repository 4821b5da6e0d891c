using MfaEvents.Core.Support;
using MfaEvents.Server.Http;

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

    public static bool IsDone(this CaseDecision decision) => decision.Outcome == CaseOutcome.Done;
}
