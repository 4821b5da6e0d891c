using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Support;

public sealed record CloseCase([Note] string Note);

/// <summary>Closes a case, which stops a removal that has not happened yet.</summary>
public static class CloseCaseEndpoint
{
    public static string StreamKey(Guid caseId) => SupportCase.StreamKey(caseId);

    [WolverinePost(Routes.Case + "/closure"), Allow(Role.SupportAgent)]
    [Answers(200, typeof(CaseStep)), Refuses(409, "case-state")]
    public static (Answer, Events, IMartenOp) Post(
        CloseCase command,
        string accountId,
        Guid caseId,
        [WriteModel(FromMethod = nameof(StreamKey), LoadStyle = ModelConcurrencyStyle.Exclusive)] SupportCase state,
        Seals seals,
        DateTimeOffset now)
    {
        var note = seals.SealNote(accountId, Guid.CreateVersion7(now), command.Note);
        return state.Close(note.Id, now).Noted(note, Answer.Ok(new CaseStep(CaseState.Closed)));
    }
}
