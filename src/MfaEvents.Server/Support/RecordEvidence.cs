using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Support;

public sealed record RecordEvidence([EvidenceKind] string Kind, [Note] string Note);

public sealed record RecordedEvidence(EvidenceKind Kind);

/// <summary>A call to the number on file.</summary>
/// <param name="CallId">The call.</param>
/// <param name="Digits">What the agent reads out; whoever answers the phone keys it in.</param>
/// <param name="ExpiresAt">Until when.</param>
public sealed record PlacedCallBack(Guid CallId, string Digits, DateTimeOffset ExpiresAt)
{
    public override string ToString() => $"call {CallId}";
}

/// <summary>What may be remembered of it.</summary>
public sealed record PlacedCallBackWithoutDigits(Guid CallId, DateTimeOffset ExpiresAt);

/// <summary>
/// Records evidence that the caller is the owner. For a call back the number on file is called, and the evidence is there once
/// the digits that the agent reads out were keyed in: the product records it, and nobody else.
/// </summary>
public static class RecordEvidenceEndpoint
{
    public static string StreamKey(Guid caseId) => SupportCase.StreamKey(caseId);

    [WolverinePost(Routes.Case + "/evidence"), Allow(Role.SupportAgent)]
    [Answers(201, typeof(RecordedEvidence)), Answers(202, typeof(PlacedCallBack))]
    [Refuses(409, "case-state", "evidence-missing"), Refuses(429, "too-many-attempts")]
    public static async Task<(Answer, Events, OutgoingMessages, IMartenOp)> Post(
        RecordEvidence command,
        string accountId,
        Guid caseId,
        [WriteModel(FromMethod = nameof(StreamKey), LoadStyle = ModelConcurrencyStyle.Exclusive)] SupportCase state,
        IDocumentSession session,
        Calls calls,
        Seals seals,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        var note = seals.SealNote(accountId, Guid.CreateVersion7(now), command.Note);
        var kind = EvidenceKindAttribute.Parse(command.Kind);
        if (kind != EvidenceKind.CallBack)
        {
            var recorded = state.Record(kind, note.Id, now, settings.Support);
            return (
                recorded.Or(Answer.Created(Routes.OfCase(accountId, caseId), new RecordedEvidence(kind))),
                [.. recorded.Events],
                [],
                recorded.IsDone() ? MartenOps.Insert(note) : MartenOps.Nothing());
        }

        if (!state.MayCall(now, settings.Support)) return Refused(Problems.CaseState);
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is not { } account) return Refused(Problems.NotFound);

        // The number of before is not called either: who gave a number up may not be who answers it.
        if (now - account.PhoneChangedAt < settings.Support.NumberOnFile) return Refused(Problems.NumberChanged);

        // Another case of the principal's can place none meanwhile: there is one in progress at a time.
        if (await session.CallWaitAsync(state.Principal, settings.Support, now, cancellation) is { } seconds)
            return Refused(Problems.TooManyAttempts(seconds));

        var call = await calls.PrepareAsync(
            accountId, CallPurpose.CaseEvidence, state.Id, account.ContactVersion, PhoneNumberKind.OnFile, now, cancellation);
        var placed = state.PlaceCall(call.CallId, call.ExpiresAt, note.Id, now, settings.Support);
        return (
            Answer.AcceptedWithSecret(
                new ShownSecret(SecretKind.Call, call.CallId),
                new PlacedCallBackWithoutDigits(call.CallId, call.ExpiresAt),
                () => new PlacedCallBack(call.CallId, call.Digits, call.ExpiresAt)),
            [.. placed.Events],
            [call.Message],
            MartenOps.Insert(note));

        static (Answer, Events, OutgoingMessages, IMartenOp) Refused(Problem problem) => (problem, [], [], MartenOps.Nothing());
    }
}
