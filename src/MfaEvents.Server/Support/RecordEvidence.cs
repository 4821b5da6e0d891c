using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine;
using Wolverine.Http;

namespace MfaEvents.Server.Support;

public sealed record RecordEvidence([EvidenceKind] string Kind, [Note] string Note);

public sealed record RecordedEvidence(EvidenceKind Kind);

/// <summary>A call to the number on file.</summary>
/// <param name="CallId">The call.</param>
/// <param name="Digits">What the agent reads out; whoever answers the phone keys it in. Shown this once.</param>
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
    [WolverinePost(Routes.Case + "/evidence"), Allow(Role.SupportAgent)]
    [Answers(201, typeof(RecordedEvidence)), Answers(202, typeof(PlacedCallBack))]
    [Refuses(409, "case-state", "evidence-missing"), Refuses(429, "too-many-attempts")]
    public static async Task<(Answer, OutgoingMessages)> Post(
        RecordEvidence command,
        string accountId,
        Guid caseId,
        IDocumentSession session,
        Calls calls,
        Seals seals,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        var key = SupportCase.StreamKey(caseId);
        var note = seals.SealNote(accountId, Guid.CreateVersion7(now), command.Note);
        var kind = EvidenceKindAttribute.Parse(command.Kind);

        // Once without the lock: a call is prepared on a connection of its own.
        PreparedCall? call = null;
        if (kind == EvidenceKind.CallBack)
        {
            var seen = await session.LoadAsync<SupportCase>(key, cancellation);
            var account = await session.LoadAsync<Account>(Account.StreamKey, cancellation);
            if (seen is null || account is null) return (Problems.NotFound, []);
            if (await RefusalAsync(seen) is { } early) return (early, []);

            // The number of before is not called either: who gave a number up may not be who answers it.
            if (now - account.PhoneChangedAt < settings.Support.NumberOnFile) return (Problems.NumberChanged, []);
            if ((await session.ContactAsync(accountId, account, seals, cancellation)).Phone is null) return (Problems.NumberErased, []);
            call = await calls.PrepareAsync(
                accountId, CallPurpose.CaseEvidence, key, account.ContactVersion, PhoneNumberKind.OnFile, now, cancellation);
        }

        var stream = await session.Events.FetchForExclusiveWriting<SupportCase>(key, cancellation);
        if (stream.Aggregate is not { } state) return (Problems.NotFound, []);
        if (call is not null && await RefusalAsync(state) is { } refusal) return (refusal, []);

        var decision = call is null
            ? state.Record(kind, note.Id, now, settings.Support)
            : state.PlaceCall(call.CallId, call.ExpiresAt, note.Id, now, settings.Support);
        stream.AppendMany(decision.Events);
        if (decision.IsDone()) session.Insert(note);
        return call is null
            ? (decision.Or(Answer.Created(Routes.OfCase(accountId, caseId), new RecordedEvidence(kind))), [])
            : (decision.Or(Answer.AcceptedWithSecret(
                    new ShownSecret(SecretKind.Call, call.CallId),
                    new PlacedCallBackWithoutDigits(call.CallId, call.ExpiresAt),
                    () => new PlacedCallBack(call.CallId, call.Digits, call.ExpiresAt))),
                [call.Message]);

        // A case that has had its calls gets no more; the day's come again.
        async Task<Problem?> RefusalAsync(SupportCase found)
        {
            if (!found.MayCall(now, settings.Support)) return Problems.CaseState;
            var today = await session.CasesOfTodayAsync(found.Principal, now, cancellation);
            return settings.Support.SecondsUntilNextCall(today, now) is { } seconds ? Problems.TooManyAttempts(seconds) : null;
        }
    }
}
