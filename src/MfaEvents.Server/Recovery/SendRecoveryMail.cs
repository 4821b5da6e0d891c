using Marten;
using MfaEvents.Core.Recovery;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Notifications;
using MfaEvents.Server.Notifications.Mail;
using MfaEvents.Server.Notifications.Notices;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Recovery;

/// <summary>Sends the link of a recovery to the address on file.</summary>
public sealed record SendRecoveryMail(string AccountId, Guid RecoveryId, int ContactVersion) : IMailMessage;

public static class SendRecoveryMailHandler
{
    // That it was begun is what the mail tells of.
    private const long FirstVersion = 1;

    public static async Task Handle(
        SendRecoveryMail message,
        IDocumentStore store,
        Mails mails,
        MfaEventsSettings settings,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var stream = RootRecovery.StreamKey(message.RecoveryId);
        RootRecovery? state;
        await using (var query = store.QuerySession(message.AccountId))
            state = await query.LoadAsync<RootRecovery>(stream, cancellation);
        if (state is null || state.StepAt(clock.GetUtcNow()) != RecoveryStep.Email) return;

        var sent = await mails.SendAsync(
            new Addressee(message.AccountId, message.ContactVersion),
            $"recovery.{message.RecoveryId}",
            (session, _) => Write(session),
            cancellation);
        if (sent) await NoteAsync(store, message.AccountId, stream, cancellation);

        Letter Write(IDocumentSession session)
        {
            var now = clock.GetUtcNow();
            var proof = session.OpenLink(LinkPurpose.RecoveryEmail, stream, now, state.ExpiresAt - now);
            var told = new NoticeSubject(stream, FirstVersion, message.ContactVersion);
            var repudiation = session.OpenLink(LinkPurpose.Repudiation, told.Text(), now, settings.NoticeLinkLifetime);
            return new Letter($"A way back into your account - {settings.Issuer}",
            [
                $"Somebody who knows the password of the root user of account {message.AccountId} says that its MFA device is "
                + "gone, and asks to get in without it.",
                $"If that is you, open the link below within {settings.Recovery.Lifetime.TotalHours:0} hours, and take the proof "
                + "that it shows to the page where you asked. After that your phone will be called.",
                "If it is not you, do not open that link, and give it to nobody. Say so by the other link, and change your "
                + "password: somebody has it.",
            ])
            {
                Button = new LetterLink("Prove that this address is yours", mails.LinkTo(LinkPurpose.RecoveryEmail, proof)),
                Repudiation = new LetterLink("This was not me", mails.LinkTo(LinkPurpose.Repudiation, repudiation)),
            };
        }
    }

    private static async Task NoteAsync(IDocumentStore store, string accountId, string stream, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession(accountId);
        Origin.Product.Stamp(session);
        var recovery = await session.Events.FetchForExclusiveWriting<RootRecovery>(stream, cancellation);
        if (recovery.Aggregate is not { MailSentAt: null }) return;
        recovery.AppendOne(new RecoveryMailSent());
        await session.SaveChangesAsync(cancellation);
    }
}
