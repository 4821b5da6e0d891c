using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Support;

public sealed record OpenCase([Note] string Reason, [Reference] string Reference);

public sealed record OpenedCase(Guid CaseId);

/// <summary>Opens a case about a principal; its lock sees to it that it has one in progress at most.</summary>
public static class OpenCaseEndpoint
{
    [WolverinePost(Routes.PrincipalCases), Allow(Role.SupportAgent)]
    [Answers(201, typeof(OpenedCase)), Refuses(409, "case-state"), Refuses(429, "too-many-attempts")]
    public static async Task<(Answer, Events, OutgoingMessages, IMartenOp, IMartenOp)> Post(
        OpenCase command,
        string accountId,
        [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa principal,
        IDocumentSession session,
        Seals seals,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        var earlier = await session.CaseInProgressAsync(principal.Id, cancellation);
        var expired = earlier?.Aggregate?.Expire(now) ?? [];
        if (earlier is not null && expired.Count == 0) return Refused(Problems.CaseState);
        var today = await session.CasesOfTodayAsync(principal.Id, now, cancellation);
        if (settings.Support.SecondsUntilNextCase(today, now) is { } seconds) return Refused(Problems.TooManyAttempts(seconds));

        // Its message is late, and nobody has to wait for it.
        earlier?.AppendMany(expired);
        var caseId = Guid.CreateVersion7(now);
        var key = SupportCase.StreamKey(caseId);
        var note = seals.SealNote(accountId, Guid.CreateVersion7(now), command.Reason);
        var opened = SupportCase.Open(caseId, principal.Id, command.Reference, note.Id, now, settings.Support);
        var messages = new OutgoingMessages();
        messages.Delay(new ExpireCase(key), settings.Support.CaseLifetime);
        return (
            Answer.Created(Routes.OfCase(accountId, caseId), new OpenedCase(caseId)),
            [],
            messages,
            MartenOps.StartStream<SupportCase>(key, opened),
            MartenOps.Insert(note));

        static (Answer, Events, OutgoingMessages, IMartenOp, IMartenOp) Refused(Problem problem) =>
            (problem, [], [], MartenOps.Nothing(), MartenOps.Nothing());
    }
}
