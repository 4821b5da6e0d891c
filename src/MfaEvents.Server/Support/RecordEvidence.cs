using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Support;

public sealed record RecordEvidence([EvidenceKind] string Kind, [Note] string Note);

public sealed record RecordedEvidence(EvidenceKind Kind);

/// <summary>Records evidence that the caller is the owner.</summary>
public static class RecordEvidenceEndpoint
{
    public static string StreamKey(Guid caseId) => SupportCase.StreamKey(caseId);

    [WolverinePost(Routes.Case + "/evidence"), Allow(Role.SupportAgent)]
    [Answers(201, typeof(RecordedEvidence)), Refuses(409, "case-state", "evidence-missing")]
    public static (Answer, Events, OutgoingMessages, IMartenOp) Post(
        RecordEvidence command,
        string accountId,
        Guid caseId,
        [WriteModel(FromMethod = nameof(StreamKey), LoadStyle = ModelConcurrencyStyle.Exclusive)] SupportCase state,
        Seals seals,
        DateTimeOffset now)
    {
        var note = seals.SealNote(accountId, Guid.CreateVersion7(now), command.Note);
        var kind = EvidenceKindAttribute.Parse(command.Kind);
        var decision = state.Record(kind, note.Id, now);
        return (
            decision.Or(Answer.Created(Routes.OfCase(accountId, caseId), new RecordedEvidence(kind))),
            [.. decision.Events],
            [new QueueCase(accountId, caseId)],
            decision.IsDone() ? MartenOps.Insert(note) : MartenOps.Nothing());
    }
}
