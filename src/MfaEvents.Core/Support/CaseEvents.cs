namespace MfaEvents.Core.Support;

// A storage format: never edited, only superseded. Who, when and from where is metadata. What people wrote down in their own
// words may name anybody: it lies sealed apart under the note's id, where it can be erased while history stays.

/// <summary>An event of a support case's stream.</summary>
public interface ICaseEvent;

/// <summary>An agent opened a case about a principal who lost every device.</summary>
/// <param name="CaseId">The case.</param>
/// <param name="Principal">Whom it is about.</param>
/// <param name="Reference">What the desk's own system calls it.</param>
/// <param name="ExpiresAt">When it expires undecided.</param>
/// <param name="NoteId">Where the reason lies.</param>
public sealed record CaseOpened(Guid CaseId, string Principal, string Reference, DateTimeOffset ExpiresAt, Guid NoteId)
    : ICaseEvent;

/// <summary>Evidence that the caller is the owner. Of a call back the product itself records it.</summary>
/// <param name="Kind">What kind of evidence.</param>
/// <param name="NoteId">Where the agent's note lies.</param>
/// <param name="CallId">The call that was answered.</param>
public sealed record EvidenceRecorded(EvidenceKind Kind, Guid NoteId, Guid? CallId = null) : ICaseEvent;

/// <summary>An agent had the number on file called, to hear the digits that the caller on the other line was told.</summary>
public sealed record CallBackPlaced(Guid CallId, DateTimeOffset ExpiresAt, Guid NoteId) : ICaseEvent;

/// <summary>Wrong digits were keyed into the phone.</summary>
/// <param name="CallId">The call.</param>
/// <param name="EndsCall">Whether they were so many that the call is void.</param>
public sealed record CallBackRejected(Guid CallId, bool EndsCall) : ICaseEvent;

/// <summary>An agent asked for the removal.</summary>
public sealed record RemovalRequested(Guid NoteId) : ICaseEvent;

/// <summary>Somebody who had a part in the case tried to decide it; nothing was decided.</summary>
public sealed record SecondPersonMissing(CaseDecisionKind Decision) : ICaseEvent;

/// <summary>A second person approved; the cooling-off begins.</summary>
public sealed record RemovalApproved(DateTimeOffset ExecutesAt, Guid NoteId) : ICaseEvent;

/// <summary>The mail server took a notice with the link that vetoes the removal.</summary>
/// <param name="ContactVersion">The version of the contact information that holds the address.</param>
public sealed record RemovalNoticeDelivered(int ContactVersion) : ICaseEvent;

/// <summary>The removal was put off, so that the owner has the whole cooling-off after being told.</summary>
/// <param name="ExecutesAt">Until when; null as long as an address could not be told.</param>
public sealed record RemovalPutOff(DateTimeOffset? ExecutesAt) : ICaseEvent;

/// <summary>A second person refused.</summary>
public sealed record RemovalDeclined(Guid NoteId) : ICaseEvent;

/// <summary>The owner stopped the removal during the cooling-off.</summary>
public sealed record RemovalVetoed(VetoReason Reason) : ICaseEvent;

/// <summary>The cooling-off was over, and every device was removed.</summary>
/// <param name="Devices">How many there were.</param>
public sealed record RemovalExecuted(int Devices) : ICaseEvent;

/// <summary>An approver took the enrolment code, once, for the proven owner.</summary>
public sealed record EnrolmentCodeIssued(DateTimeOffset ExpiresAt) : ICaseEvent;

/// <summary>Nobody decided in time, or the owner could not be told in time of what was decided.</summary>
/// <param name="Untold">Whether it was approved, and an address could not be told.</param>
public sealed record CaseExpired(bool Untold = false) : ICaseEvent;

/// <summary>The case is closed.</summary>
/// <param name="Reason">Why.</param>
/// <param name="NoteId">Where the agent's note lies; none when the product closed it.</param>
public sealed record CaseClosed(ClosureReason Reason, Guid? NoteId) : ICaseEvent;

/// <summary>What shows that a caller is the owner.</summary>
public enum EvidenceKind
{
    /// <summary>The number on file was called, and keyed in what the caller was told.</summary>
    CallBack,

    IdentityDocument,

    /// <summary>They came in person.</summary>
    InPerson,

    /// <summary>They knew something about the account.</summary>
    Knowledge,

    Other,
}

/// <summary>What a second person decides.</summary>
public enum CaseDecisionKind
{
    Approval,
    Refusal,
    EnrolmentCode,
}

/// <summary>How the owner stopped a removal.</summary>
public enum VetoReason
{
    /// <summary>By the link in a notice.</summary>
    Link,

    /// <summary>By asking for it, signed in.</summary>
    Owner,

    /// <summary>By signing in with a second factor: the devices are not lost.</summary>
    SignIn,
}

/// <summary>Why a case was closed.</summary>
public enum ClosureReason
{
    /// <summary>An agent closed it.</summary>
    Requested,

    /// <summary>The user whom it was about was deleted.</summary>
    PrincipalDeleted,
}
