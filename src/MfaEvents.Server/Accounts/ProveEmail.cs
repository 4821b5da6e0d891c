using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications;
using MfaEvents.Server.Notifications.Notices;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;
using Wolverine;
using Wolverine.Http;

namespace MfaEvents.Server.Accounts;

public sealed record ProveEmail([PlainText] string Token)
{
    public override string ToString() => "***";
}

/// <summary>
/// Confirms the pending e-mail address by the token of the link that was sent there: the root user signs in with it from then on.
/// Who has the token needs the root user's session too, so that a stranger whose address was mistyped confirms nothing.
/// </summary>
public static class ProveEmailEndpoint
{
    [WolverinePost(Routes.Contact + "/email-proofs"), Allow(Role.Owner, RootOnly = true), FreshSignIn(FreshFor.Contact)]
    [Answers(204), Refuses(403, "invalid-proof"), Refuses(409, "contact-locked", "email-taken")]
    public static async Task<Answer> Post(
        ProveEmail command,
        string accountId,
        HttpContext http,
        IDocumentSession session,
        IDirectoryStore directory,
        IMessageBus messages,
        Seals seals,
        RememberedAnswers answers,
        MfaMetrics metrics,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        var root = await session.LoadAsync<PrincipalMfa>(Principal.Root, cancellation);
        if (root is null) return Problems.NotFound;
        if (root.IsContactLocked(now, settings.Contact)) return Problems.ContactLocked;

        // Once without the lock, for the directory is asked in between.
        var proof = await ProofAsync(await session.LoadAsync<Account>(Account.StreamKey, cancellation));
        metrics.CountLink(LinkPurpose.ContactEmail, proof is not null);
        if (proof is null) return Problems.InvalidProof;

        var settle = new SettleRootEmails(accountId);
        await messages.PublishAsync(
            settle, new DeliveryOptions { TenantId = accountId, ScheduleDelay = SettleRootEmails.Grace });
        if (!await ClaimAsync(RootEmail.IdOf(proof.Email), accountId, directory, now, cancellation)) return Problems.EmailTaken;

        if (await session.IsContactLockedAsync(now, settings.Contact, cancellation)) return Problems.ContactLocked;
        var stream = await session.Events.FetchForExclusiveWriting<Account>(Account.StreamKey, cancellation);
        if (await ProofAsync(stream.Aggregate) is not { } still || still.Email != proof.Email) return Problems.InvalidProof;
        var contact = still.Contact with { Email = still.Email, PendingEmail = null };
        stream.AppendOne(session.SealContact(still.Changed, still.Changed.ContactVersion, contact, seals));
        session.Delete(still.Link);
        answers.Remember(Answer.NoContent, http, session);
        await session.SaveChangesAsync(cancellation);

        await messages.InvokeForTenantAsync(accountId, settle, cancellation);
        return Answer.NoContent;

        async Task<Proof?> ProofAsync(Account? account)
        {
            if (account?.PendingEmail is not { } version || LinkToken.Parse(command.Token) is not { } token) return null;
            if (await session.LinkAsync(token, LinkPurpose.ContactEmail, now, cancellation) is not { } link) return null;
            if (link.Subject != ContactProof.SubjectOf(version) || account.ConfirmEmail(version) is not { } changed) return null;
            var contact = await session.ContactAsync(accountId, account, seals, cancellation);
            return contact.PendingEmail is { } email ? new Proof(link, changed, contact, email) : null;
        }
    }

    /// <summary>Keeps an address for the account until it has it; false when it is another account's.</summary>
    private static async Task<bool> ClaimAsync(
        string email, string accountId, IDirectoryStore directory, DateTimeOffset now, CancellationToken cancellation)
    {
        // Whoever settles meanwhile has read the account before or after, but never between this look and this claim.
        await using var addresses = directory.LightweightSession();
        await addresses.HoldAsync(SettleRootEmailsHandler.LockOf(accountId), cancellation);
        var held = await addresses.LoadAsync<RootEmail>(email, cancellation);
        if (held is not null && held.AccountId != accountId) return false;
        var claim = new RootEmail(email, accountId) { HeldUntil = now + SettleRootEmails.Claim };
        if (held is null) addresses.Insert(claim);
        else if (held.HeldUntil < claim.HeldUntil) addresses.Store(claim);
        await addresses.SaveChangesAsync(cancellation);
        return true;
    }

    private sealed record Proof(OpenLink Link, ContactInformationChanged Changed, ContactInformation Contact, string Email);
}
