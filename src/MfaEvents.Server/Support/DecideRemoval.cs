using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Support;

public sealed record ApproveRemoval([Note] string Note);

public sealed record ApprovedRemoval(DateTimeOffset ExecutesAt);

/// <summary>
/// A second person approves the removal. It happens when the cooling-off is over, by a message of the case's own that waits until
/// then.
/// </summary>
public static class ApproveRemovalEndpoint
{
    public static string StreamKey(Guid caseId) => SupportCase.StreamKey(caseId);

    [WolverinePost(Routes.Case + "/approval"), Allow(Role.SupportApprover)]
    [Answers(200, typeof(ApprovedRemoval)), Refuses(403, "second-person-required"), Refuses(409, "case-state")]
    public static (Answer, Events, OutgoingMessages, IMartenOp) Post(
        ApproveRemoval command,
        string accountId,
        Guid caseId,
        Caller caller,
        [WriteModel(FromMethod = nameof(StreamKey), LoadStyle = ModelConcurrencyStyle.Exclusive)] SupportCase state,
        Seals seals,
        MfaMetrics metrics,
        MfaEventsSettings settings,
        DateTimeOffset now)
    {
        var note = seals.SealNote(accountId, Guid.CreateVersion7(now), command.Note);
        var messages = new OutgoingMessages();
        var executesAt = now + settings.Support.CoolingOff;
        var decision = state.Approve(caller.Person(), note.Id, now, settings.Support).Counted(metrics);
        if (decision.IsDone()) messages.Delay(new ExecuteRemoval(accountId, caseId, state.Principal), executesAt - now);
        var (answer, events, kept) = decision.Noted(note, Answer.Ok(new ApprovedRemoval(executesAt)));
        return (answer, events, messages, kept);
    }
}

public sealed record RefuseRemoval([Note] string Note);

/// <summary>A second person refuses the removal; the case stays refused.</summary>
public static class RefuseRemovalEndpoint
{
    public static string StreamKey(Guid caseId) => SupportCase.StreamKey(caseId);

    [WolverinePost(Routes.Case + "/refusal"), Allow(Role.SupportApprover)]
    [Answers(200, typeof(CaseStep)), Refuses(403, "second-person-required"), Refuses(409, "case-state")]
    public static (Answer, Events, IMartenOp) Post(
        RefuseRemoval command,
        string accountId,
        Guid caseId,
        Caller caller,
        [WriteModel(FromMethod = nameof(StreamKey), LoadStyle = ModelConcurrencyStyle.Exclusive)] SupportCase state,
        Seals seals,
        MfaMetrics metrics,
        DateTimeOffset now)
    {
        var note = seals.SealNote(accountId, Guid.CreateVersion7(now), command.Note);
        return state.Decline(caller.Person(), note.Id, now).Counted(metrics)
            .Noted(note, Answer.Ok(new CaseStep(CaseState.Refused)));
    }
}
