using Marten;
using MfaEvents.Core.Support;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Support;

/// <summary>
/// What is keyed into the phone during a call back: the right digits are evidence, which nobody else can record.
/// </summary>
public sealed class CallBackAnswered(IDocumentStore store, MfaEventsSettings settings) : IAnsweredByPhone
{
    public CallPurpose Purpose => CallPurpose.CaseEvidence;

    public async Task AnsweredAsync(PhoneAnswer answer, HttpContext http, DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        await using var session = store.LightweightSession(answer.Call.AccountId);
        Origin.OfTelephony(http).Stamp(session);
        var stream = await session.Events.FetchForExclusiveWriting<SupportCase>(answer.Call.Subject, cancellation);
        if (stream.Aggregate is not { } found) return;
        answer.TakeIn(session);
        stream.AppendMany(found.Answer(answer.Call.Id, answer.IsRight, now, settings.Support));
        await session.SaveChangesAsync(cancellation);
    }
}
