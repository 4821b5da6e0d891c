using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Accounts;

public sealed record ChangeContact([Email] string Email, [Phone] string Phone);

/// <summary>Asks for another address or number. It is pending until confirmed, also when the address is taken.</summary>
public static class ChangeContactEndpoint
{
    [WolverinePut(Routes.Contact), Allow(Role.Owner, RootOnly = true), FreshSignIn(FreshFor.Contact)]
    [Answers(202, typeof(ContactView)), Refuses(409, "contact-locked"), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Put(
        ChangeContact command,
        string accountId,
        IDocumentSession session,
        Seals seals,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is null) return Problems.NotFound;
        if (await session.IsContactLockedAsync(now, settings.Contact, cancellation))
            return Problems.ContactLocked;

        var stream = await session.Events.FetchForExclusiveWriting<Account>(Account.StreamKey, cancellation);
        var account = stream.Aggregate!;
        var current = await session.ContactAsync(accountId, account, seals, cancellation);
        var wanted = current with
        {
            PendingEmail = RootEmail.IdOf(command.Email) == current.Email?.ToLowerInvariant() ? null : command.Email,
            PendingPhone = command.Phone == current.Phone ? null : command.Phone,
        };
        var answer = Answer.Accepted(new ContactView(wanted.Email, wanted.Phone, wanted.PendingEmail, wanted.PendingPhone));
        var (email, phone) = (wanted.PendingEmail is not null, wanted.PendingPhone is not null);
        if (wanted == current && !email && !phone) return answer;

        // Asked for once more, a value gets a new link. To take one back nobody waits.
        if ((email || phone) && account.RequestWait(now, settings.Contact) is { } seconds)
            return Problems.TooManyAttempts(seconds);

        var requested = account.RequestContact(email, phone);
        stream.AppendOne(session.SealContact(requested, requested.ContactVersion, wanted, seals));
        return answer;
    }
}
