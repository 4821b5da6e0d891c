using Marten;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using MimeKit;

namespace MfaEvents.Server.Notifications.Mail;

/// <summary>
/// A message whose handler sends a mail: it waits in the durable queue <c>mail</c>, tried again for a day while the mail server
/// fails. It names an account, a version of its contact information and what the mail is about; never an address and never a token.
/// </summary>
public interface IMailMessage;

/// <summary>Which of the addresses that one version of an account's contact information holds.</summary>
public enum MailAddress
{
    /// <summary>The one that is in force in it.</summary>
    OnFile,

    /// <summary>The one that was asked for and waits for confirmation.</summary>
    Pending,
}

/// <summary>Who gets a mail.</summary>
public sealed record Addressee(string AccountId, int ContactVersion, MailAddress Address = MailAddress.OnFile);

/// <summary>
/// Sends mail, from handlers of <see cref="IMailMessage"/>: opens the sealed address, commits the links that the letter draws, and
/// hands it on. No transaction and no lock is held while the mail server talks.
/// </summary>
public sealed class Mails(
    IDocumentStore store, IMailCarrier carrier, Seals seals, MfaEventsSettings settings, TimeProvider clock)
{
    /// <summary>Sends one mail. It is sent at least once: the same <paramref name="id"/> lets its receiver drop a second one.</summary>
    /// <param name="to">Who gets it.</param>
    /// <param name="id">
    /// What tells this mail from every other one, such as <c>recovery.{recoveryId}</c>; letters, digits, dots and hyphens.
    /// </param>
    /// <param name="compose">
    /// Writes the letter. Links are drawn in the session it is given, by <see cref="OpenLinks.OpenLink"/> and
    /// <see cref="LinkTo"/>: at each attempt new ones, so that no queue holds one. The session is committed before the mail goes.
    /// </param>
    /// <param name="cancellation">Ends the waiting for the server.</param>
    /// <returns>False when the address has been erased meanwhile, and nothing was sent.</returns>
    public async Task<bool> SendAsync(
        Addressee to, string id, Func<IDocumentSession, ContactInformation, Letter> compose, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession(to.AccountId);
        if (await session.LoadAsync<SealedContact>(Seals.ContactId(to.ContactVersion), cancellation) is not { } stored) return false;
        var contact = seals.Open(to.AccountId, stored);
        if ((to.Address == MailAddress.OnFile ? contact.Email : contact.PendingEmail) is not { } address) return false;

        var letter = compose(session, contact);
        await session.SaveChangesAsync(cancellation);
        await SendAsync(address, id, letter, cancellation);
        return true;
    }

    /// <summary>The same to an address that no contact information holds any more, without links.</summary>
    public async Task SendAsync(string address, string id, Letter letter, CancellationToken cancellation)
    {
        using var mail = Written(letter, address, id);
        await carrier.CarryAsync(mail, cancellation);
    }

    /// <summary>Where a link leads: its page changes nothing, and the button on it does.</summary>
    public Uri LinkTo(LinkPurpose purpose, LinkToken token) => LinkPages.AddressOf(settings, purpose, token);

    private MimeMessage Written(Letter letter, string address, string id)
    {
        var host = settings.PublicUrl.IdnHost;
        var mail = new MimeMessage
        {
            Subject = letter.Subject,
            Date = clock.GetUtcNow(),
            MessageId = $"{id}@{host}",
            Body = new BodyBuilder { TextBody = letter.Text(), HtmlBody = letter.Html() }.ToMessageBody(),
        };
        mail.From.Add(settings.Mail.From is { } from
            ? MailboxAddress.Parse(from)
            : new MailboxAddress(settings.Issuer, $"no-reply@{host}"));
        mail.To.Add(new MailboxAddress("", address));

        // RFC 3834 5: nobody's holidays are answered to it.
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        return mail;
    }
}
