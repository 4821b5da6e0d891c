using JasperFx.Events;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine;

namespace MfaEvents.Server.Notifications.Notices;

/// <summary>
/// Streams of another room whose notices carry a repudiation link, such as those of recoveries: what "this was not me" means there.
/// </summary>
public interface IRepudiable
{
    /// <summary>How the keys of its streams begin.</summary>
    string StreamPrefix { get; }

    /// <summary>
    /// Does it, under its own locks. It looks for the link once more under them, and deletes it with what it does.
    /// </summary>
    /// <returns>False when the link was spent meanwhile, or there is nothing to repudiate any more.</returns>
    Task<bool> RepudiateAsync(LinkToken token, NoticeSubject subject, HttpContext http, DateTimeOffset now);
}

/// <summary>
/// "This was not me": ends the sessions and half-done sign-ins of the principal that a notice told of, and takes back a change of
/// contact information that can still be undone.
/// </summary>
public sealed class Repudiations(
    IDocumentStore store,
    IEnumerable<IRepudiable> others,
    IServiceScopeFactory scopes,
    Turnstile turnstile,
    Seals seals,
    MfaMetrics metrics,
    MfaEventsSettings settings)
{
    /// <summary>Does it by the token of a notice; false when that is false, spent, late or without a say any more.</summary>
    public async Task<bool> RepudiateAsync(LinkToken token, HttpContext http, DateTimeOffset now)
    {
        var done = await TryAsync(token, http, now);
        metrics.CountLink(LinkPurpose.Repudiation, done);
        return done;
    }

    private async Task<bool> TryAsync(LinkToken token, HttpContext http, DateTimeOffset now)
    {
        // Once without a lock, so that a guessed token locks nobody.
        await using (var query = store.QuerySession(token.AccountId))
        {
            var found = await query.LinkAsync(token, LinkPurpose.Repudiation, now, http.RequestAborted);
            if (found is null || NoticeSubject.Parse(found.Subject) is not { } subject) return false;
            return others.FirstOrDefault(other => subject.Stream.StartsWith(other.StreamPrefix, StringComparison.Ordinal)) is { } other
                ? await other.RepudiateAsync(token, subject, http, now)
                : await OfPrincipalAsync(token, subject, await query.SubjectAsync(subject.Stream, http.RequestAborted), http, now);
        }
    }

    private async Task<bool> OfPrincipalAsync(
        LinkToken token, NoticeSubject subject, string about, HttpContext http, DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        var whose = about == Account.StreamKey ? Principal.Root : about;
        using var turn = await turnstile.EnterAsync(token.AccountId, whose, cancellation);
        await using var session = store.LightweightSession(token.AccountId);
        Origin.Of(http).Stamp(session);

        // Principals first, as everywhere, and root before a user: its contact may be restored. One that is gone has no sessions.
        var root = whose == Principal.Root
            ? null
            : await session.Events.FetchForExclusiveWriting<PrincipalMfa>(Principal.Root, cancellation);
        var principal = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(whose, cancellation);
        var stream = await session.Events.FetchForExclusiveWriting<Account>(Account.StreamKey, cancellation);
        if (stream.Aggregate is not { } account) return false;
        if (await session.LinkAsync(token, LinkPurpose.Repudiation, now, cancellation) is not { } link) return false;
        if (!account.HasSay(subject.ContactVersion, now, settings.Contact)) return false;

        session.Delete(link);
        var told = new NoticeRepudiated(subject.Version);
        if (subject.Stream == Account.StreamKey) stream.AppendOne(told);
        if (principal.Aggregate is not null)
        {
            if (subject.Stream == whose) principal.AppendOne(told);
            principal.AppendMany(PrincipalMfa.Repudiate());
        }

        var restored = await RestoreAsync(account, stream, token.AccountId, session, now, cancellation);
        if (!restored)
        {
            await session.SaveChangesAsync(cancellation);
            return true;
        }

        // Whoever changed it did so in a session of the root user.
        root?.AppendMany(PrincipalMfa.Repudiate());

        await using var scope = scopes.CreateAsyncScope();
        var messages = scope.ServiceProvider.GetRequiredService<IMessageBus>();
        var settle = new SettleRootEmails(token.AccountId);
        await messages.PublishAsync(
            settle, new DeliveryOptions { TenantId = token.AccountId, ScheduleDelay = SettleRootEmails.Grace });
        await session.SaveChangesAsync(cancellation);
        await messages.InvokeForTenantAsync(token.AccountId, settle, cancellation);
        return true;
    }

    private async Task<bool> RestoreAsync(
        Account account,
        IEventStream<Account> stream,
        string accountId,
        IDocumentSession session,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        if (account.RestoreContact(now, settings.Contact) is not { } restored) return false;
        if (await session.LoadAsync<SealedContact>(Seals.ContactId(restored.RestoredVersion), cancellation) is not { } former)
            return false;
        var contact = seals.Open(accountId, former);
        if (contact.Email is null || contact.Phone is null)
        {
            // What was erased comes back from nowhere: what is in force stays.
            var current = await session.ContactAsync(accountId, account, seals, cancellation);
            contact = contact with { Email = contact.Email ?? current.Email, Phone = contact.Phone ?? current.Phone };
        }

        contact = contact with { PendingEmail = null, PendingPhone = null };
        stream.AppendOne(session.SealContact(restored, restored.ContactVersion, contact, seals));
        return true;
    }
}
