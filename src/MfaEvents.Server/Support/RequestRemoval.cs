using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Support;

public sealed record RequestRemoval([Note] string Justification);

/// <summary>Asks for the removal of every device, which a second person decides.</summary>
public static class RequestRemovalEndpoint
{
    public static string StreamKey(Guid caseId) => SupportCase.StreamKey(caseId);

    [WolverinePost(Routes.Case + "/removal-request"), Allow(Role.SupportAgent)]
    [Answers(200, typeof(CaseStep)), Refuses(409, "case-state", "evidence-missing")]
    public static (Answer, Events, IMartenOp) Post(
        RequestRemoval command,
        string accountId,
        Guid caseId,
        [WriteModel(FromMethod = nameof(StreamKey), LoadStyle = ModelConcurrencyStyle.Exclusive)] SupportCase state,
        Seals seals,
        DateTimeOffset now)
    {
        var note = seals.SealNote(accountId, Guid.CreateVersion7(now), command.Justification);
        return state.Request(note.Id, now).Noted(note, Answer.Ok(new CaseStep(CaseState.Requested)));
    }
}
