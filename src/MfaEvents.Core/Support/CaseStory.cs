using System.Globalization;

namespace MfaEvents.Core.Support;

/// <summary>Tells a case in plain sentences, from its events alone.</summary>
public static class CaseStory
{
    /// <summary>The sentence of one event.</summary>
    /// <param name="event">What happened.</param>
    /// <param name="actor">Who did it.</param>
    public static string Sentence(ICaseEvent @event, string actor) => @event switch
    {
        CaseOpened e => $"{actor} opened the case {e.Reference} about {e.Principal}; undecided it expires on {Day(e.ExpiresAt)}.",
        EvidenceRecorded { Kind: EvidenceKind.CallBack } =>
            "The number on file was called, and the right digits were keyed in: evidence by call back.",
        EvidenceRecorded e => $"{actor} recorded evidence: {Words(e.Kind)}.",
        CallBackPlaced => $"{actor} had the number on file called.",
        CallBackRejected { EndsCall: true } => "Wrong digits were keyed into the phone once too often: the call is over.",
        CallBackRejected => "Wrong digits were keyed into the phone.",
        RemovalRequested => $"{actor} asked for the removal of every device.",
        SecondPersonMissing e =>
            $"{actor} had a part in the case and was refused the {Words(e.Decision)}, which takes another person.",
        RemovalApproved e => $"{actor} approved the removal. Unless the owner vetoes it, it happens on {Day(e.ExecutesAt)}.",
        RemovalNoticeDelivered => "An address of the owner got the notice with the link that vetoes the removal.",
        RemovalPutOff { ExecutesAt: { } at } =>
            $"The removal was put off until {Day(at)}, so that the owner has the whole cooling-off after being told.",
        RemovalPutOff => "The removal was put off: an address of the owner could not be told yet.",
        RemovalDeclined => $"{actor} refused the removal.",
        RemovalVetoed e => e.Reason switch
        {
            VetoReason.Link => "Somebody with the link of a notice vetoed the removal.",
            VetoReason.Owner => $"{actor} vetoed the removal, signed in.",
            _ => "The principal signed in with a second factor, which vetoed the removal.",
        },
        RemovalExecuted { Devices: 1 } => "The cooling-off was over: the only device was removed and every session ended.",
        RemovalExecuted e => $"The cooling-off was over: {e.Devices} devices were removed and every session ended.",
        EnrolmentCodeIssued e => $"{actor} took the enrolment code for the owner; it is good until {Day(e.ExpiresAt)}.",
        CaseExpired { Untold: true } => "The owner could not be told of the removal in time: the case expired.",
        CaseExpired => "Nobody decided in time: the case expired.",
        CaseClosed { Reason: ClosureReason.PrincipalDeleted } => $"{actor} deleted the user, which closed the case.",
        CaseClosed => $"{actor} closed the case.",
        _ => throw new ArgumentException($"{@event.GetType().Name} has no sentence.", nameof(@event)),
    };

    private static string Words(EvidenceKind kind) => kind switch
    {
        EvidenceKind.IdentityDocument => "an identity document",
        EvidenceKind.InPerson => "the owner came in person",
        EvidenceKind.Knowledge => "knowledge of the account",
        _ => "of another kind",
    };

    private static string Words(CaseDecisionKind decision) => decision switch
    {
        CaseDecisionKind.Approval => "approval",
        CaseDecisionKind.Refusal => "refusal",
        _ => "enrolment code",
    };

    private static string Day(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd 'at' HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
