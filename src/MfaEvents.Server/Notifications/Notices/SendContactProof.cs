using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Notifications.Mail;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Notifications.Notices;

/// <summary>
/// Writes to an address that was asked for: how it is confirmed; or, when it is another account's already, that somebody asked.
/// Whoever asked is told the same in both cases.
/// </summary>
public sealed record SendContactProof(string AccountId, int ContactVersion) : IMailMessage;

public static class SendContactProofHandler
{
    public static async Task Handle(
        SendContactProof message,
        IDocumentStore store,
        IDirectoryStore directory,
        Seals seals,
        Mails mails,
        MfaEventsSettings settings,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        await using var query = store.QuerySession(message.AccountId);
        if (await query.LoadAsync<Account>(Account.StreamKey, cancellation) is not { } account) return;
        if (account.PendingEmail != message.ContactVersion) return;
        if ((await query.ContactAsync(message.AccountId, account, seals, cancellation)).PendingEmail is not { } wanted) return;

        await using var addresses = directory.QuerySession();
        var owner = await addresses.LoadAsync<RootEmail>(RootEmail.IdOf(wanted), cancellation);
        var isTaken = owner is not null && owner.AccountId != message.AccountId;
        await mails.SendAsync(
            new Addressee(message.AccountId, message.ContactVersion, MailAddress.Pending),
            $"contact.{message.AccountId}.{message.ContactVersion}",
            (session, _) => isTaken ? Taken(settings) : Proof(session),
            cancellation);

        Letter Proof(IDocumentSession session)
        {
            var now = clock.GetUtcNow();
            var token = session.OpenLink(
                LinkPurpose.ContactEmail, ContactProof.SubjectOf(message.ContactVersion), now, settings.Contact.ProofLifetime);
            return new Letter($"Confirm this e-mail address - {settings.Issuer}",
            [
                $"The root user of the account {message.AccountId} asked to be reached at this address.",
                "If that was you, open the link below and take the proof that it shows to where you asked. If it was not, do nothing: "
                + "without the proof nothing changes.",
            ])
            {
                Button = new LetterLink("Show the proof", mails.LinkTo(LinkPurpose.ContactEmail, token)),
            };
        }
    }

    private static Letter Taken(MfaEventsSettings settings) => new($"Somebody asked for this e-mail address - {settings.Issuer}",
    [
        "Somebody asked for another account to be reached at this address. It is yours, and nothing has changed.",
        "There is nothing to do. If you asked yourself: an address serves one account at a time.",
    ]);
}

/// <summary>What the link to a new address is about.</summary>
public static class ContactProof
{
    private const string Prefix = "contact/";

    public static string SubjectOf(int version) => Prefix + version.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
