using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;
using Wolverine;
using Wolverine.Http;

namespace MfaEvents.Server.Accounts;

/// <summary>A call to the pending number.</summary>
/// <param name="CallId">The call.</param>
/// <param name="Digits">What the page shows, and what whoever answers keys in.</param>
/// <param name="ExpiresAt">From when on they are worth nothing.</param>
public sealed record ContactCallView(Guid CallId, string Digits, DateTimeOffset ExpiresAt)
{
    public override string ToString() => $"call {CallId}";
}

/// <summary>Has the pending phone number called, whose owner keys in what the page shows; then it is in force.</summary>
public static class CallContactEndpoint
{
    [WolverinePost(Routes.Contact + "/calls"), Allow(Role.Owner, RootOnly = true), FreshSignIn(FreshFor.Contact)]
    [Answers(201, typeof(ContactCallView))]
    [Refuses(409, "contact-locked"), Refuses(429, "too-many-attempts")]
    public static async Task<(Answer, OutgoingMessages)> Post(
        string accountId,
        Caller caller,
        IDocumentSession session,
        Calls calls,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        // Once without the locks: a call is prepared on a connection of its own.
        var before = await session.LoadAsync<PrincipalMfa>(Principal.Root, cancellation);
        var pending = await session.LoadAsync<Account>(Account.StreamKey, cancellation);
        if (Refusal(before, pending) is { } early) return (early, []);
        var call = await calls.PrepareAsync(
            accountId, CallPurpose.Contact, Account.StreamKey, pending!.ContactVersion, PhoneNumberKind.Pending, now, cancellation);

        var root = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(Principal.Root, cancellation);
        var stream = await session.Events.FetchForExclusiveWriting<Account>(Account.StreamKey, cancellation);
        if (Refusal(root.Aggregate, stream.Aggregate) is { } refusal) return (refusal, []);
        if (stream.Aggregate!.PendingPhone != pending.PendingPhone) return (Problems.Conflict, []);
        stream.AppendOne(new ContactCallPlaced(call.CallId, call.ExpiresAt, caller.SessionId));
        return (
            Answer.CreatedCall(
                $"{Routes.Accounts}/{accountId}/contact",
                call,
                () => new ContactCallView(call.CallId, call.Digits, call.ExpiresAt)),
            [call.Message]);

        Problem? Refusal(PrincipalMfa? state, Account? account)
        {
            if (state is null) return Problems.NotFound;
            if (state.IsContactLocked(now, settings.Contact)) return Problems.ContactLocked;
            if (account?.PendingPhone is null) return Problems.ContactNotPending;
            return account.CallWait(now, settings.Contact) is { } seconds ? Problems.TooManyAttempts(seconds) : null;
        }
    }
}

/// <summary>Digits were keyed into a call to a pending number.</summary>
public sealed class ContactAnswered(IDocumentStore store, Seals seals, MfaEventsSettings settings) : IAnsweredByPhone
{
    public CallPurpose Purpose => CallPurpose.Contact;

    public async Task AnsweredAsync(PhoneAnswer answer, HttpContext http, DateTimeOffset now)
    {
        var (accountId, cancellation) = (answer.Call.AccountId, http.RequestAborted);
        await using var session = store.LightweightSession(accountId);
        Origin.OfTelephony(http).Stamp(session);
        answer.TakeIn(session);

        // A recovery or a removal locks the contact, and what ends sessions voids the call, whatever was asked for before it: under
        // root's lock, as they are.
        var root = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(Principal.Root, cancellation);
        var stream = await session.Events.FetchForExclusiveWriting<Account>(Account.StreamKey, cancellation);
        if (root.Aggregate is { } state
            && stream.Aggregate is { } account
            && !state.IsContactLocked(now, settings.Contact)
            && !await IsOrphanedAsync(account, state, session, now, cancellation))
        {
            var events = account.Answer(answer.Call.Id, answer.IsRight, now, settings.Contact);
            stream.AppendMany(events);
            if (events.OfType<ContactInformationChanged>().FirstOrDefault() is { } changed)
            {
                var contact = await session.ContactAsync(accountId, account, seals, cancellation);
                if (contact.PendingPhone is not { } number) return;
                session.Insert(seals.Seal(accountId, changed.ContactVersion, contact with { Phone = number, PendingPhone = null }));
            }
        }

        await session.SaveChangesAsync(cancellation);
    }

    private async Task<bool> IsOrphanedAsync(
        Account account, PrincipalMfa root, IDocumentSession session, DateTimeOffset now, CancellationToken cancellation)
    {
        if (account.ContactCall is not { } call) return true;
        var isLive = call.SessionId is { } id && await Sessions.IsLiveAsync(session, id, now, settings, cancellation);
        return call.IsOrphaned(isLive, root.SessionsEndedAt);
    }
}
