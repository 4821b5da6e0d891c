using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Setup;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Support;

/// <param name="Code">What the owner signs in with, after the password. It is shown this once.</param>
/// <param name="ExpiresAt">Until when it is good, unless a device is active before.</param>
public sealed record IssuedEnrolmentCode(string Code, DateTimeOffset ExpiresAt)
{
    public override string ToString() => "***";
}

/// <summary>What may be remembered of it.</summary>
public sealed record IssuedEnrolmentCodeWithoutCode(DateTimeOffset ExpiresAt);

/// <summary>
/// Gives the enrolment code to somebody who had no part in the case before its decision, once, to hand to the proven owner. Only
/// its hash is kept: a repeated request, with the same Idempotency-Key, is answered without it.
/// </summary>
public static class IssueEnrolmentCodeEndpoint
{
    public static string StreamKey(Guid caseId) => SupportCase.StreamKey(caseId);

    [WolverinePost(Routes.Case + "/enrolment-code"), Allow(Role.SupportApprover)]
    [Answers(201, typeof(IssuedEnrolmentCode)), Refuses(403, "second-person-required"), Refuses(409, "case-state")]
    public static async Task<(Answer, Events, IMartenOp)> Post(
        string accountId,
        Guid caseId,
        Caller caller,
        [WriteModel(FromMethod = nameof(StreamKey), LoadStyle = ModelConcurrencyStyle.Exclusive)] SupportCase state,
        IQuerySession session,
        MfaMetrics metrics,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        // Once a device is active nobody needs a code; and the code after a later removal is that case's to give.
        var decision = (await session.LoadAsync<PrincipalMfa>(state.Principal, cancellation))?.EnrolmentCaseId == caseId
            ? state.IssueEnrolmentCode(caller.Person(), now, settings.Support).Counted(metrics)
            : CaseDecision.WrongState;
        if (decision is not { Events: [EnrolmentCodeIssued issued] })
            return (decision.Or(Problems.CaseState), [.. decision.Events], MartenOps.Nothing());

        var code = EnrolmentCode.Draw();
        return (
            Answer.CreatedOnce(
                Routes.OfCase(accountId, caseId),
                new IssuedEnrolmentCodeWithoutCode(issued.ExpiresAt),
                () => new IssuedEnrolmentCode(code, issued.ExpiresAt)),
            [issued],
            MartenOps.Store(EnrolmentCode.Of(accountId, state.Principal, code, now, issued.ExpiresAt)));
    }
}
