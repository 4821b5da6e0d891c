using System.Globalization;
using System.Text.RegularExpressions;
using JasperFx.Events;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;
using MfaEvents.Core.Support;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Notifications.Mail;
using MfaEvents.Server.Setup;
using MfaEvents.Server.Support;

namespace MfaEvents.Server.Notifications.Notices;

/// <summary>Tells one address of one event. Where it came from is read from the event, and lies in no queue.</summary>
public sealed record SendNotice(string AccountId, string Stream, long Version, int ContactVersion) : IMailMessage;

public static partial class SendNoticeHandler
{
    private const int LongestUserAgent = 120;

    public static async Task<RecordVetoNotice?> Handle(
        SendNotice message,
        IDocumentStore store,
        Mails mails,
        MfaEventsSettings settings,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        await using var query = store.QuerySession(message.AccountId);
        if (await query.EventAsync(message.Stream, message.Version, cancellation) is not { } happened) return null;
        if (NoticeTable.RowOf(happened.Data) is not { } row) return null;

        // An address that was taken back meanwhile is a stranger's; that it was is the last that it is told.
        if (await query.LoadAsync<Account>(Account.StreamKey, cancellation) is not { } account) return null;
        var since = await query.RecoveryBeganAsync(message.Stream, cancellation) ?? happened.Timestamp;
        var isTakenBack = happened.Data is ContactRestored restored
            && account.ContactsTakenBack(restored).Contains(message.ContactVersion);
        if (!isTakenBack && !account.HasSay(message.ContactVersion, since, settings.Contact)) return null;

        var who = WhoOf(await query.SubjectAsync(message.Stream, cancellation));
        var device = await DeviceAsync(query, happened, cancellation);
        if (row.Sentence(happened.Data, new NoticeFacts(who, device)) is not { } sentence) return null;

        var isSent = await mails.SendAsync(
            new Addressee(message.AccountId, message.ContactVersion),
            $"notice.{happened.Id:N}.{message.ContactVersion}",
            (session, contact) =>
            {
                var letter = new Letter($"{row.Subject} - {settings.Issuer}",
                [
                    sentence,
                    contact.AccountName is { } name ? $"Account: {name} ({message.AccountId})" : $"Account: {message.AccountId}",
                    $"When: {happened.Timestamp.UtcDateTime.ToString("d MMMM yyyy, HH:mm:ss", CultureInfo.InvariantCulture)} UTC",
                    isTakenBack ? NoticeWords.TakenBack : PlaceOf(happened),
                ]);
                return row.Link is { } purpose ? WithLink(letter, purpose, who, session) : letter;
            },
            cancellation);
        return isSent && row.Link == LinkPurpose.Veto ? new RecordVetoNotice(message.Stream, message.ContactVersion) : null;

        Letter WithLink(Letter letter, LinkPurpose purpose, string whom, IDocumentSession session)
        {
            var subject = purpose == LinkPurpose.Repudiation
                ? new NoticeSubject(message.Stream, message.Version, message.ContactVersion).Text()
                : message.Stream;
            var lifetime = purpose == LinkPurpose.Veto && settings.Support.CoolingOff > settings.NoticeLinkLifetime
                ? settings.Support.CoolingOff
                : settings.NoticeLinkLifetime;
            var token = session.OpenLink(purpose, subject, clock.GetUtcNow(), lifetime);
            var (words, meaning) = NoticeWords.Of(purpose, whom, message.Stream);
            return letter with
            {
                Paragraphs = [.. letter.Paragraphs, meaning],
                Repudiation = new LetterLink(words, mails.LinkTo(purpose, token)),
            };
        }
    }

    private static string WhoOf(string principal) =>
        Principal.UserName(principal) is { } userName ? $"the user \"{userName}\"" : "the root user";

    private static string PlaceOf(IEvent happened)
    {
        // Its address says where the gateway is.
        if (happened.UserName == Origin.Telephony) return "From: the phone that was called.";
        if (happened.Data is ICaseEvent and not RemovalVetoed and not CaseClosed { Reason: ClosureReason.PrincipalDeleted }
            && happened.UserName != Origin.Product.Actor)
            return "From: our support desk.";
        if (happened.GetHeader(Origin.ClientAddressHeader)?.ToString() is not { } address)
            return happened.UserName == Origin.Product.Actor
                ? "From: nowhere; this happened by itself, in its time."
                : "From: an address that is not known any more.";
        return happened.GetHeader(Origin.UserAgentHeader)?.ToString() is { } userAgent
            ? $"From: {address}, by a program that calls itself \"{Harmless(userAgent)}\""
            : $"From: {address}";
    }

    // Anybody writes into it what they like, and this mail is believed.
    private static string Harmless(string userAgent) =>
        Unusual().Replace(userAgent[..Math.Min(userAgent.Length, LongestUserAgent)], "?");

    private static async Task<string> DeviceAsync(IQuerySession query, IEvent happened, CancellationToken cancellation)
    {
        var id = happened.Data switch
        {
            IDeviceEvent e => e.DeviceId,
            SignedIn e => e.DeviceId,
            SignInRefused e => e.DeviceId,
            _ => default(Guid?),
        };
        if (id is not { } deviceId) return "A device";

        // What it is called now; a removed one as the audit trail last called it.
        var state = await query.LoadAsync<PrincipalMfa>(happened.StreamKey!, cancellation);
        if (state?.Device(deviceId) is { } held) return $"The device \"{held.Name}\"";
        var names = await query.QueryAsync<string>(
            $"select device_name from {AuditTables.Devices} where account_id = ? and device_id = ?",
            cancellation,
            query.TenantId,
            deviceId);
        return names is [var name] ? $"The device \"{name}\"" : "A device";
    }

    [GeneratedRegex(@"[^A-Za-z0-9 ._;()/,+-]")]
    private static partial Regex Unusual();
}

/// <summary>How the links of notices are worded.</summary>
public static class NoticeWords
{
    /// <summary>What an address is told that was taken back, in the place of where the owner of the former one is.</summary>
    public const string TakenBack =
        "This address is told of nothing after that. If the change was yours, somebody has your former mailbox: sign in with your "
        + "device, and ask for the change again.";

    public static (string Words, string Meaning) Of(LinkPurpose purpose, string who, string stream) => purpose switch
    {
        LinkPurpose.Repudiation when RootRecovery.IdOf(stream) is not null => (
            "This was not me",
            "If this was you, there is nothing to do. If it was not, say so by the link below: it ends the recovery, and takes back "
            + "the session, the devices and the password that came of it."),
        LinkPurpose.Repudiation when SupportCase.CaseIdOf(stream) is not null => (
            "This was not me",
            $"If this was you, there is nothing to do. If it was not, say so by the link below: the code is void, and all sessions of {who} "
            + "end."),
        LinkPurpose.Veto => (
            "Stop this",
            "If you did not ask for this, stop it by the link below."),
        _ => (
            "This was not me",
            $"If this was you, there is nothing to do. If it was not, say so by the link below: it ends all sessions of {who} and takes "
            + "back a change of contact information that is not older than 72 hours. Then change the password and look at the devices."),
    };
}
