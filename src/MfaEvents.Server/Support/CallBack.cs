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

    public async Task AnsweredAsync(PhoneCall answered, bool right, HttpContext http, DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        await using var session = store.LightweightSession(answered.AccountId);
        Origin.OfTelephony(http).Stamp(session);
        var stream = await session.Events.FetchForExclusiveWriting<SupportCase>(answered.Subject, cancellation);
        if (stream.Aggregate is not { } found) return;
        stream.AppendMany(found.Answer(answered.Id, right, now, settings.Support));
        await session.SaveChangesAsync(cancellation);
    }
}
