using System.Collections.Immutable;

namespace MfaEvents.Core.Support;

/// <summary>Where a case stands.</summary>
public enum CaseState
{
    /// <summary>Evidence is gathered.</summary>
    Open,

    /// <summary>The removal was asked for; a second person decides.</summary>
    Requested,

    /// <summary>Approved; the owner can veto it until the removal.</summary>
    CoolingOff,

    Executed,
    Refused,
    Vetoed,
    Expired,
    Closed,
}

/// <summary>Evidence that was recorded.</summary>
/// <param name="Kind">What kind.</param>
/// <param name="At">When.</param>
public sealed record Evidence(EvidenceKind Kind, DateTimeOffset At);

/// <summary>A call to the number on file that was not answered right yet.</summary>
public sealed record OpenCall(Guid CallId, DateTimeOffset ExpiresAt, Guid NoteId, int WrongDigits);

/// <summary>
/// A support case: the state of the stream <c>case:{id}</c> in the account's tenant. One person alone never gets through it.
/// </summary>
public sealed partial record SupportCase
{
    /// <summary>How the keys of cases' streams begin.</summary>
    public const string KeyPrefix = "case:";

    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    public required Guid CaseId { get; init; }

    public required string Principal { get; init; }

    public required string Reference { get; init; }

    public required CaseState State { get; init; }

    public required DateTimeOffset OpenedAt { get; init; }

    public required Person OpenedBy { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>How many events made it so: of two copies the one with more is later.</summary>
    public required int Version { get; init; }

    /// <summary>
    /// Whoever opened the case, recorded evidence, had a call placed or asked for the removal: they decide nothing.
    /// </summary>
    public ImmutableArray<Person> Agents { get; init; } = [];

    public ImmutableArray<Evidence> Evidence { get; init; } = [];

    public OpenCall? Call { get; init; }

    /// <summary>When calls were placed.</summary>
    public ImmutableArray<DateTimeOffset> CalledAt { get; init; } = [];

    public Person? RequestedBy { get; init; }

    public DateTimeOffset? RequestedAt { get; init; }

    /// <summary>Who approved or refused.</summary>
    public Person? DecidedBy { get; init; }

    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>Whoever tried to decide, although they had a part in it, as often as that was recorded.</summary>
    public ImmutableArray<Person> TurnedAway { get; init; } = [];

    /// <summary>The versions of the contact information whose addresses got the link that vetoes.</summary>
    public ImmutableArray<int> ToldContacts { get; init; } = [];

    /// <summary>When the cooling-off is over; null before the approval, and while an address could not be told.</summary>
    public DateTimeOffset? ExecutesAt { get; init; }

    /// <summary>The latest time that the removal was ever to come: it never comes earlier, whatever the clocks of nodes say.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    public DateTimeOffset? ExecutedAt { get; init; }

    public bool CodeIssued { get; init; }

    /// <summary>When it came to an end, in whatever way.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    public static string StreamKey(Guid caseId) => $"{KeyPrefix}{caseId}";

    /// <summary>The case of a stream, or null for a stream of something else.</summary>
    public static Guid? CaseIdOf(string streamKey) =>
        streamKey.StartsWith(KeyPrefix, StringComparison.Ordinal) && Guid.TryParse(streamKey.AsSpan(KeyPrefix.Length), out var id)
            ? id
            : null;

    /// <summary>Where the case stands at that time, also when the message that tells of its expiry is late.</summary>
    public CaseState StateAt(DateTimeOffset now) => IsUndecided && now >= ExpiresAt ? CaseState.Expired : State;

    /// <summary>Whether nobody has decided: it expires.</summary>
    private bool IsUndecided => State is CaseState.Open or CaseState.Requested;

    /// <summary>
    /// The state after <paramref name="event"/>, which happened <paramref name="at"/> and was done <paramref name="by"/>
    /// somebody.
    /// </summary>
    public static SupportCase? Evolve(SupportCase? state, string key, ICaseEvent @event, DateTimeOffset at, Person by)
    {
        if (@event is CaseOpened opened)
            return new SupportCase
            {
                Id = key,
                CaseId = opened.CaseId,
                Principal = opened.Principal,
                Reference = opened.Reference,
                State = CaseState.Open,
                OpenedAt = at,
                OpenedBy = by,
                ExpiresAt = opened.ExpiresAt,
                Agents = [by],
                Version = 1,
            };
        return state is null ? null : state.After(@event, at, by) with { Version = state.Version + 1 };
    }

    private SupportCase After(ICaseEvent @event, DateTimeOffset at, Person by) => @event switch
    {
        EvidenceRecorded { Kind: EvidenceKind.CallBack } =>
            this with { Evidence = Evidence.Add(new(EvidenceKind.CallBack, at)), Call = null },
        EvidenceRecorded e => With(by) with { Evidence = Evidence.Add(new(e.Kind, at)) },
        CallBackPlaced e => With(by) with
        {
            Call = new OpenCall(e.CallId, e.ExpiresAt, e.NoteId, 0), CalledAt = CalledAt.Add(at),
        },
        CallBackRejected e when Call is { } call && e.CallId == call.CallId =>
            this with { Call = e.EndsCall ? null : call with { WrongDigits = call.WrongDigits + 1 } },
        RemovalRequested => With(by) with { State = CaseState.Requested, RequestedBy = by, RequestedAt = at, Call = null },
        RemovalApproved e =>
            this with { State = CaseState.CoolingOff, DecidedBy = by, DecidedAt = at, ExecutesAt = e.ExecutesAt, NotBefore = e.ExecutesAt },
        SecondPersonMissing => this with { TurnedAway = TurnedAway.Add(by) },
        RemovalNoticeDelivered e => this with { ToldContacts = ToldContacts.Add(e.ContactVersion) },
        RemovalPutOff e => this with { ExecutesAt = e.ExecutesAt, NotBefore = e.ExecutesAt ?? NotBefore },
        RemovalDeclined => Ended(CaseState.Refused, at) with { DecidedBy = by, DecidedAt = at },
        RemovalVetoed => Ended(CaseState.Vetoed, at),
        RemovalExecuted => Ended(CaseState.Executed, at) with { ExecutedAt = at },
        EnrolmentCodeIssued => this with { CodeIssued = true },
        CaseExpired => Ended(CaseState.Expired, at),
        CaseClosed => Ended(CaseState.Closed, at),
        _ => this,
    };

    private SupportCase Ended(CaseState state, DateTimeOffset at) =>
        this with { State = state, EndedAt = EndedAt ?? at, Call = null };

    private SupportCase With(Person by) => Agents.Contains(by) ? this : this with { Agents = Agents.Add(by) };
}
