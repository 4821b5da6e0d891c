using System.Globalization;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;
using MfaEvents.Core.Support;

namespace MfaEvents.Server.Notifications.Notices;

/// <summary>What is told of one kind of event.</summary>
/// <param name="Event">The event.</param>
/// <param name="Subject">The subject of the mail.</param>
/// <param name="Sentence">What happened and what it means; null when this one is not told of.</param>
public sealed record NoticeRow(Type Event, string Subject, Func<object, NoticeFacts, string?> Sentence)
{
    /// <summary>What the link in the mail is good for; null when it has none.</summary>
    public LinkPurpose? Link { get; init; } = LinkPurpose.Repudiation;

    /// <summary>The same is not told of one principal again before that.</summary>
    public TimeSpan? AtMostEvery { get; init; }
}

/// <summary>What a sentence may name.</summary>
/// <param name="Who">The principal whose stream it is, such as <c>the root user</c>.</param>
/// <param name="Device">The device that the event names, such as <c>the device "phone"</c>.</param>
public sealed record NoticeFacts(string Who, string Device);

/// <summary>
/// Who is told of what. It is always the account that is told, which is its root user, by mail: at the address in force and, for
/// 72 hours after a change, at the one before it too (<see cref="Account.ContactsToTell"/>). IAM users have no address of their own. That
/// addresses were erased they are told by <see cref="Audit.Erasure.TellErased"/>.
/// </summary>
public static class NoticeTable
{
    /// <summary>Codes that were refused in a row after right passwords: a notice at the fifth and the twentieth.</summary>
    private static readonly int[] TellingFailures = [5, 20];

    /// <summary>A sign-in after so many failures in a row is told of.</summary>
    private const int FailuresBeforeSuccess = 5;

    public static IReadOnlyList<NoticeRow> Rows { get; } =
    [
        On<DeviceActivated>("An MFA device was activated", (_, of) =>
            $"{of.Device} was activated for {of.Who}: its codes sign in from now on."),
        On<DeviceRemoved>("An MFA device was removed", (e, of) => e.Reason == RemovalReason.Requested
            ? $"{of.Device} of {of.Who} was removed: its codes sign nobody in any more."
            : null),
        On<DeviceRenamed>("An MFA device was renamed", (e, of) =>
            $"The device \"{e.PreviousName}\" of {of.Who} is called \"{e.DeviceName}\" from now on."),
        On<DeviceResynced>("An MFA device was synchronised", (_, of) =>
            $"{of.Device} of {of.Who} was synchronised with two of its codes: its codes are accepted again."),
        On<DeviceOutOfSync>("An MFA device is out of sync", (_, of) =>
            $"{of.Device} of {of.Who} shows codes of another time: none of them is accepted until two fresh ones in a row have been "
            + "submitted. Its clock may be wrong, or somebody submitted codes that were written down."),
        On<DeviceSuspended>("An MFA device was suspended", (e, of) =>
            $"{of.Device} of {of.Who} was suspended after {e.ConsecutiveFailures} wrong codes in a row: no code of it is accepted. If "
            + "those were not yours, somebody knows the password and guesses codes."),
        On<PasswordChanged>("A password was changed", (_, of) =>
            $"The password of {of.Who} was changed, and its other sessions have ended."),
        On<CodeRejected>("A used code was submitted again", (e, of) => e.Reason == RejectionReason.Replayed
            ? $"A code of {Lower(of.Device)} of {of.Who} that had been used was submitted again, and refused. If that was not you, "
                + "somebody sees the codes."
            : null) with { AtMostEvery = TimeSpan.FromHours(1) },
        On<SignInRefused>("Wrong codes after a right password", (e, of) =>
            e.ConsecutiveFailures is { } count && TellingFailures.Contains(count)
                ? $"Somebody has the right password of {of.Who}, and has submitted {count} wrong codes in a row. Nobody was signed in. If "
                    + "that was not you, change the password."
                : null),
        On<SignedIn>("A sign-in worth a look", (e, of) => (e.FailuresBefore >= FailuresBeforeSuccess, e.UnderWatch == true) switch
        {
            (true, true) =>
                $"{Upper(of.Who)} signed in after {e.FailuresBefore} failed attempts, not long after support removed every device.",
            (true, _) => $"{Upper(of.Who)} signed in after {e.FailuresBefore} failed attempts.",
            (_, true) => $"{Upper(of.Who)} signed in, not long after support removed every device.",
            _ => null,
        }),
        On<ContactChangeRequested>("A change of contact information was asked for", (e, _) => e.Email || e.Phone
            ? $"Another {Fields(e.Email, e.Phone)} was asked for. It is in force once it is confirmed; until then nothing changes."
            : null),
        On<ContactInformationChanged>("Contact information was changed", (e, _) =>
            $"The {Fields(e.Email, e.Phone)} of the account is another one from now on. Whoever was reached before is told of "
            + "everything for 72 hours, and can take the change back."),
        On<ContactRestored>("A change of contact information was taken back", (_, _) =>
            "Somebody who was reached before says that the last change of contact information was not theirs. What was in force "
            + "before is in force again.") with { Link = null },
        On<PersonalDataErased>("Personal data were erased", (e, _) => e.Fields.Contains(PersonalField.Email)
            ? null
            : "Personal data of the account were erased on request by the operator. The history that can be proven is what it was.")
            with { Link = null },
        On<EnrolmentCodeRejected>("A wrong enrolment code after a right password", (_, of) =>
            $"Somebody has the right password of {of.Who}, and submitted a wrong enrolment code. Nobody was signed in.")
            with { AtMostEvery = TimeSpan.FromHours(1) },
        On<MfaRemovedBySupport>("Support removed every MFA device", (_, of) =>
            $"Every device of {of.Who} was removed by our support desk, and all sessions have ended. The password alone signs nobody "
            + "in: whoever is signing in next needs the enrolment code that the desk hands to the owner. For a while every sign-in "
            + "is told of."),
        On<CaseOpened>("Somebody asked support to remove your MFA", (_, of) =>
            $"Somebody who says that every device of {of.Who} is lost has called our support desk. Nothing is removed before two "
            + "people have agreed and you have been told once more. A sign-in with a device then stops it.") with { Link = null },
        On<CallBackPlaced>("Support calls the number on file", (_, of) =>
            $"Our support desk has the phone number on file called about {of.Who}. If you are not talking with the desk now, hang "
            + "up: somebody speaks in your name.") with { Link = null },
        On<RemovalApproved>("Support will remove every MFA device", (e, of) =>
            $"Two people of our support desk agreed to remove every device of {of.Who}. It happens on "
            + $"{Minute(e.ExecutesAt)}, unless it is stopped by then: by the link below, or by a sign-in with a device. If this mail "
            + "reached you late, it is put off.") with { Link = LinkPurpose.Veto },
        On<RemovalPutOff>("The removal of your MFA was put off", (e, of) =>
            $"Two people of our support desk agreed to remove every device of {of.Who}. It was put off because you could not be told in "
            + $"time, and happens {(e.ExecutesAt is { } at ? $"on {Minute(at)}" : "a whole cooling-off after you were told")}, unless it is "
            + "stopped by then: by the link below, or by a sign-in with a device.") with { Link = LinkPurpose.Veto },
        On<RemovalDeclined>("Support refused to remove your MFA", (_, of) =>
            $"The removal of the devices of {of.Who}, which somebody had asked our support desk for, was refused.")
            with { Link = null },
        On<RemovalVetoed>("The removal of your MFA was stopped", (_, of) =>
            $"Every device of {of.Who} stays: the removal was stopped. If somebody asked our support desk in your name, change "
            + "the password.") with { Link = null },
        On<EnrolmentCodeIssued>("Support handed out an enrolment code", (_, of) =>
            $"Our support desk handed out the code with which {of.Who} signs in after the password, until a device is active."),
        On<CaseExpired>("A case at support expired", (e, of) => e.Untold
            ? $"You could not be told in time that the devices of {of.Who} were to be removed by our support desk: they stay."
            : $"Nobody decided in time about the devices of {of.Who}, which somebody asked our support desk to remove: they stay.")
            with { Link = null },
        On<CaseClosed>("A case at support was closed", (_, of) =>
            $"The case about the devices of {of.Who} at our support desk was closed. A removal that was to come does not.")
            with { Link = null },
        On<UserCreated>("A user was created", (e, _) => $"The user \"{e.UserName}\" was created."),
        On<UserDeleted>("A user was deleted", (e, _) => $"The user \"{e.UserName}\" was deleted."),
        On<RecoveryStarted>("A way in without a device was asked for", (_, _) =>
            "Somebody who knows the password of the root user says that its device is gone, and asks to get in without it. The "
            + "address on file gets a link, and the phone on file is called, before anybody is let in."),
        On<EmailVerified>("A recovery proved the e-mail address", (_, _) =>
            "The link of a recovery of the root user was used. The phone on file is called next."),
        On<RecoveryProofRejected>("Wrong proofs in a recovery", (e, _) => e.WaitSeconds > 0
            ? "In a recovery of the root user several wrong proofs in a row were refused."
            : null) with { AtMostEvery = TimeSpan.FromHours(1) },
        On<PhoneVerified>("A recovery proved the phone", (e, _) =>
            "The digits of a recovery of the root user were keyed into the phone on file. "
            + (e.AvailableAt is { } at
                ? "Since the contact information was changed lately, nobody is let in before "
                    + at.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture) + " UTC: say now if this is not you."
                : "Whoever asked for it is let in now.")),
        On<RecoveryCompleted>("The root user got in without a device", (_, _) =>
            "A recovery of the root user was completed: its session may remove and add devices and change the password. All other "
            + "sessions have ended, and the contact information is locked for 72 hours."),
        On<RecoveryRepudiated>("A recovery was stopped", (_, _) =>
            "Somebody who was told of a recovery of the root user says that it was not theirs. It has ended; sessions that it gave, "
            + "devices that came of it and a password that it set are gone. Whoever it was knows the password before that: recover "
            + "the account, or change the password with a device.") with { Link = null },
        On<RecoveryExpired>("A recovery is over", (e, _) => e.Reason switch
        {
            RecoveryEnd.Superseded => "A recovery of the root user has ended because another one proved the e-mail address.",
            RecoveryEnd.TimeOver => "A recovery of the root user has ended because its time was over. Nobody was let in by it.",
            _ => "A recovery of the root user has ended: what it began with has changed. Nobody was let in by it.",
        }) with { Link = null },
        On<NoticeRepudiated>("Somebody said: this was not me", (_, of) =>
            $"Somebody who was told of something says that it was not theirs: all sessions of {of.Who} have ended. Whoever it was knows the "
            + "password: change it, and look at the devices.") with { Link = null },
    ];

    private static readonly Dictionary<Type, NoticeRow> ByEvent = Rows.ToDictionary(row => row.Event);

    /// <summary>The row of an event; null when nobody is told.</summary>
    public static NoticeRow? RowOf(object @event) => ByEvent.GetValueOrDefault(@event.GetType());

    private static NoticeRow On<T>(string subject, Func<T, NoticeFacts, string?> sentence) =>
        new(typeof(T), subject, (@event, facts) => sentence((T)@event, facts));

    private static string Fields(bool email, bool phone) => (email, phone) switch
    {
        (true, true) => "e-mail address and phone number",
        (true, false) => "e-mail address",
        _ => "phone number",
    };

    private static string Minute(DateTimeOffset at) =>
        at.UtcDateTime.ToString("d MMMM yyyy 'at' HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Upper(string words) => char.ToUpperInvariant(words[0]) + words[1..];

    private static string Lower(string words) => char.ToLowerInvariant(words[0]) + words[1..];
}
