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

/// <summary>What a repeated request is told when the digits are worth nothing any more.</summary>
public sealed record ContactCallWithoutDigits(Guid CallId, DateTimeOffset ExpiresAt);

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
        if (await session.LoadAsync<PrincipalMfa>(Principal.Root, cancellation) is not { } seen) return (Problems.NotFound, []);
        if (seen.IsContactLocked(now, settings.Contact)) return (Problems.ContactLocked, []);

        // Once without locks: a call is prepared on a connection of its own.
        var pending = await session.LoadAsync<Account>(Account.StreamKey, cancellation);
        if (Refusal(pending) is { } early) return (early, []);
        var call = await calls.PrepareAsync(
            accountId,
            CallPurpose.Contact,
            Account.StreamKey,
            pending!.ContactVersion,
            PhoneNumberKind.Pending,
            now,
            cancellation,
            caller.SessionId);

        if (await session.IsContactLockedAsync(now, settings.Contact, cancellation)) return (Problems.ContactLocked, []);
        var stream = await session.Events.FetchForExclusiveWriting<Account>(Account.StreamKey, cancellation);
        if (Refusal(stream.Aggregate) is { } refusal) return (refusal, []);
        if (stream.Aggregate!.PendingPhone != pending.PendingPhone) return (Problems.Conflict, []);
        stream.AppendOne(new ContactCallPlaced(call.CallId, call.ExpiresAt));
        return (
            Answer.CreatedWithSecret(
                $"{Routes.Accounts}/{accountId}/contact",
                new ShownSecret(SecretKind.Call, call.CallId),
                new ContactCallWithoutDigits(call.CallId, call.ExpiresAt),
                () => new ContactCallView(call.CallId, call.Digits, call.ExpiresAt)),
            [call.Message]);

        Problem? Refusal(Account? account)
        {
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

        // A recovery or a removal locks the contact, whatever was asked for before it; and what ends the session that asked for
        // the call ends the call. Both are looked at under root's lock, as they are written.
        var root = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(Principal.Root, cancellation);
        var stream = await session.Events.FetchForExclusiveWriting<Account>(Account.StreamKey, cancellation);
        if (root.Aggregate is { } state
            && stream.Aggregate is { ContactCall: { } call } account
            && !state.IsContactLocked(now, settings.Contact)
            && await IsAskedForAsync(answer.Call, call, state, session, now, cancellation))
        {
            var events = account.Answer(answer.Call.Id, answer.IsRight, now, settings.Contact);
            foreach (var happened in events)
            {
                if (happened is not ContactInformationChanged changed)
                {
                    stream.AppendOne(happened);
                    continue;
                }

                var contact = await session.ContactAsync(accountId, account, seals, cancellation);
                if (contact.PendingPhone is not { } number) return;
                stream.AppendOne(session.SealContact(
                    changed, changed.ContactVersion, contact with { Phone = number, PendingPhone = null }, seals));
            }
        }

        await session.SaveChangesAsync(cancellation);
    }

    // The token of another issuer names no session: its call goes with whatever ends the root user's sessions.
    private async Task<bool> IsAskedForAsync(
        PhoneCall call,
        ContactCall placed,
        PrincipalMfa root,
        IDocumentSession session,
        DateTimeOffset now,
        CancellationToken cancellation) =>
        call.AskedIn is { } asked
            ? await Sessions.IsLiveAsync(session, asked, now, settings, cancellation)
            : !(root.SessionsEndedAt >= placed.PlacedAt);
}
