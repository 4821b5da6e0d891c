namespace MfaEvents.Core.Support;

/// <summary>What somebody at the desk is told.</summary>
public enum CaseOutcome
{
    Done,

    /// <summary>The case is not in a state for that.</summary>
    WrongState,

    /// <summary>Two kinds of evidence are needed, one of them a call back or in person.</summary>
    EvidenceMissing,

    /// <summary>Whoever had a part in the case does not decide it.</summary>
    SecondPersonRequired,
}

/// <summary>A decision about a case: what the caller is told and what happened.</summary>
public sealed record CaseDecision(CaseOutcome Outcome, IReadOnlyList<ICaseEvent> Events)
{
    public static CaseDecision WrongState { get; } = new(CaseOutcome.WrongState, []);

    public static CaseDecision Of(ICaseEvent happened) => new(CaseOutcome.Done, [happened]);
}

/// <summary>Decisions about a case. What comes in no state that allows it changes nothing.</summary>
public sealed partial record SupportCase
{
    /// <summary>How often it is recorded that the same person tried to decide a case of their own.</summary>
    private const int TimesToTell = 3;

    public static CaseOpened Open(
        Guid caseId, string principal, string reference, Guid noteId, DateTimeOffset now, SupportPolicy policy) =>
        new(caseId, principal, reference, now + policy.CaseLifetime, noteId);

    /// <summary>
    /// Records evidence; a call back is none that anybody records. It ends with the request: what a second person approves is
    /// what was there when they were asked.
    /// </summary>
    public CaseDecision Record(EvidenceKind kind, Guid noteId, DateTimeOffset now, SupportPolicy policy) => StateAt(now) switch
    {
        CaseState.Open when Evidence.Length >= policy.EvidencePerCase => CaseDecision.WrongState,
        CaseState.Open when kind != EvidenceKind.CallBack => CaseDecision.Of(new EvidenceRecorded(kind, noteId)),
        CaseState.Open => new CaseDecision(CaseOutcome.EvidenceMissing, []),
        _ => CaseDecision.WrongState,
    };

    /// <summary>Whether another call may be placed.</summary>
    public bool MayCall(DateTimeOffset now, SupportPolicy policy) =>
        StateAt(now) == CaseState.Open && CalledAt.Length < policy.CallsPerCase;

    /// <summary>A call to the number on file was prepared; it replaces an earlier one.</summary>
    public CaseDecision PlaceCall(
        Guid callId, DateTimeOffset expiresAt, Guid noteId, DateTimeOffset now, SupportPolicy policy) =>
        MayCall(now, policy) ? CaseDecision.Of(new CallBackPlaced(callId, expiresAt, noteId)) : CaseDecision.WrongState;

    /// <summary>Digits were keyed into the phone; those of a call that is over, or was replaced, are nothing.</summary>
    public IReadOnlyList<ICaseEvent> Answer(Guid callId, bool right, DateTimeOffset now, SupportPolicy policy)
    {
        if (StateAt(now) != CaseState.Open || Call is not { } call || call.CallId != callId || now >= call.ExpiresAt) return [];
        return right
            ? [new EvidenceRecorded(EvidenceKind.CallBack, call.NoteId, callId)]
            : [new CallBackRejected(callId, call.WrongDigits + 1 >= policy.WrongDigitsPerCall)];
    }

    /// <summary>Asks for the removal.</summary>
    public CaseDecision Request(Guid noteId, DateTimeOffset now)
    {
        if (StateAt(now) != CaseState.Open) return CaseDecision.WrongState;
        return HasEvidence ? CaseDecision.Of(new RemovalRequested(noteId)) : new CaseDecision(CaseOutcome.EvidenceMissing, []);
    }

    /// <summary>A second person approves, and the cooling-off begins.</summary>
    public CaseDecision Approve(Person by, Guid noteId, DateTimeOffset now, SupportPolicy policy) =>
        Decide(by, CaseDecisionKind.Approval, new RemovalApproved(now + policy.CoolingOff, noteId), now);

    /// <summary>A second person refuses.</summary>
    public CaseDecision Decline(Person by, Guid noteId, DateTimeOffset now) =>
        Decide(by, CaseDecisionKind.Refusal, new RemovalDeclined(noteId), now);

    /// <summary>The owner stops the removal.</summary>
    public CaseDecision Veto(VetoReason reason) =>
        State == CaseState.CoolingOff ? CaseDecision.Of(new RemovalVetoed(reason)) : CaseDecision.WrongState;

    /// <summary>
    /// An address got the notice with the link that vetoes. The cooling-off is the owner's: when that was late, it begins again.
    /// </summary>
    /// <param name="contactVersion">The version of the contact information that holds the address.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">The policy.</param>
    public IReadOnlyList<ICaseEvent> Deliver(int contactVersion, DateTimeOffset now, SupportPolicy policy)
    {
        if (State != CaseState.CoolingOff || ToldContacts.Contains(contactVersion)) return [];
        var delivered = new RemovalNoticeDelivered(contactVersion);
        return ExecutesAt is not null && now - DecidedAt <= policy.InTime ? [delivered] : [delivered, PutOff(now, policy)];
    }

    /// <summary>
    /// The cooling-off is over. Whoever signed in with a second factor since the approval has vetoed it, also where nobody saw
    /// it. Nothing is removed before the owner was told: a mail server that is down must not take the veto from them.
    /// </summary>
    /// <param name="devices">How many devices there are.</param>
    /// <param name="lastSecondFactorAt">When the principal last signed in with a second factor.</param>
    /// <param name="isTold">Whether every address that is to be told was.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">The policy.</param>
    public IReadOnlyList<ICaseEvent> Execute(
        int devices, DateTimeOffset? lastSecondFactorAt, bool isTold, DateTimeOffset now, SupportPolicy policy)
    {
        if (State != CaseState.CoolingOff || now < ExecutesAt) return [];
        if (lastSecondFactorAt >= DecidedAt) return [new RemovalVetoed(VetoReason.SignIn)];
        if (isTold) return ExecutesAt is null ? [PutOff(now, policy)] : [new RemovalExecuted(devices)];
        if (now >= ExpiresAt) return [new CaseExpired(Untold: true)];
        return ExecutesAt is null ? [] : [new RemovalPutOff(null)];
    }

    /// <summary>The case with what the product decided just now.</summary>
    public SupportCase With(IEnumerable<ICaseEvent> events, DateTimeOffset now) =>
        events.Aggregate(this, (state, e) => Evolve(state, state.Id, e, now, Person.Product)!);

    /// <summary>When the removal has to be looked at again; null when it will not come.</summary>
    public DateTimeOffset? LooksAgainAt(DateTimeOffset now, SupportPolicy policy) =>
        State == CaseState.CoolingOff ? ExecutesAt ?? now + policy.UntoldPause : null;

    /// <summary>The time for a decision is over.</summary>
    public IReadOnlyList<ICaseEvent> Expire(DateTimeOffset now) =>
        IsUndecided && now >= ExpiresAt ? [new CaseExpired()] : [];

    /// <summary>An agent closes the case, which stops a removal that has not happened yet.</summary>
    public CaseDecision Close(Guid noteId, DateTimeOffset now) =>
        StateAt(now) is CaseState.Open or CaseState.Requested or CaseState.CoolingOff or CaseState.Executed
            ? CaseDecision.Of(new CaseClosed(ClosureReason.Requested, noteId))
            : CaseDecision.WrongState;

    /// <summary>The user whom it is about is deleted; a case that has ended stays as it is.</summary>
    public IReadOnlyList<ICaseEvent> PrincipalGone() =>
        State is CaseState.Open or CaseState.Requested or CaseState.CoolingOff
            ? [new CaseClosed(ClosureReason.PrincipalDeleted, null)]
            : [];

    /// <summary>A second person takes the enrolment code, once, after the removal.</summary>
    public CaseDecision IssueEnrolmentCode(Person by, DateTimeOffset now, SupportPolicy policy)
    {
        // What is taken much later would enrol after the watch is over.
        if (CodeIssued || ExecutedAt is not { } executed || now >= executed + policy.EnrolmentCodeLifetime)
            return CaseDecision.WrongState;
        return Agents.Contains(by)
            ? SecondPerson(by, CaseDecisionKind.EnrolmentCode)
            : CaseDecision.Of(new EnrolmentCodeIssued(now + policy.EnrolmentCodeLifetime));
    }

    private bool HasEvidence =>
        Evidence.Select(evidence => evidence.Kind).Distinct().Count() >= 2
        && Evidence.Any(evidence => evidence.Kind is EvidenceKind.CallBack or EvidenceKind.InPerson);

    private CaseDecision Decide(Person by, CaseDecisionKind kind, ICaseEvent decided, DateTimeOffset now)
    {
        if (StateAt(now) != CaseState.Requested) return CaseDecision.WrongState;
        return Agents.Contains(by) ? SecondPerson(by, kind) : CaseDecision.Of(decided);
    }

    // Whoever goes on trying says nothing new, and must not flood the stream.
    private CaseDecision SecondPerson(Person by, CaseDecisionKind kind) => new(
        CaseOutcome.SecondPersonRequired,
        TurnedAway.Count(person => person == by) < TimesToTell ? [new SecondPersonMissing(kind)] : []);

    private RemovalPutOff PutOff(DateTimeOffset now, SupportPolicy policy)
    {
        var whole = now + policy.CoolingOff;
        return new RemovalPutOff(whole < NotBefore ? NotBefore : whole);
    }
}
