using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Support;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Support;

/// <summary>The number that the desk may have called.</summary>
public static class NumberOnFile
{
    /// <summary>
    /// The version of the contact information that holds it; null when it has changed lately. The number of before is not called
    /// either: who gave a number up may not be who answers it. A registration is no change.
    /// </summary>
    public static async Task<int?> VersionAsync(
        IQuerySession session, Seals seals, DateTimeOffset since, CancellationToken cancellation)
    {
        Account? earlier = null, account = null;
        foreach (var e in await session.Events.FetchStreamAsync(Account.StreamKey, token: cancellation))
        {
            if (e.Data is not IAccountEvent happened) continue;
            account = Account.Evolve(account, happened, e.Timestamp);
            if (earlier is null || e.Timestamp <= since) earlier = account;
        }

        if (account is null || earlier is null) return null;
        if (account.ContactVersion == earlier.ContactVersion) return account.ContactVersion;

        var before = await session.LoadAsync<SealedContact>(Seals.ContactId(earlier.ContactVersion), cancellation);
        var now = await session.ContactAsync(session.TenantId, account, seals, cancellation);
        return before is not null && seals.Open(session.TenantId, before).Phone == now.Phone ? account.ContactVersion : null;
    }
}

/// <summary>What is keyed into the phone during a call back: the right digits are evidence, which nobody else can record.</summary>
public sealed class CallBackAnswered(IDocumentStore store, MfaEventsSettings settings) : IAnsweredByPhone
{
    public CallPurpose Purpose => CallPurpose.CaseEvidence;

    public async Task AnsweredAsync(PhoneCall answered, bool right, HttpContext http, DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        await using var session = store.LightweightSession(answered.AccountId);
        Origin.Product.Stamp(session);
        var stream = await session.Events.FetchForExclusiveWriting<SupportCase>(answered.Subject, cancellation);
        if (stream.Aggregate is not { } found) return;
        stream.AppendMany(found.Answer(answered.Id, right, now, settings.Support));
        await session.SaveChangesAsync(cancellation);
    }
}
