using MfaEvents.Core.Accounts;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Recovery;

/// <summary>How far a recovery is.</summary>
public enum RecoveryStep
{
    /// <summary>The link in the mail is due.</summary>
    Email,

    /// <summary>The digits of a call are due.</summary>
    Phone,

    /// <summary>Both are proven; a session can be had.</summary>
    Verified,

    Completed,

    Repudiated,

    Expired,
}

/// <summary>What was decided about a recovery.</summary>
public enum RecoveryOutcome
{
    Done,

    /// <summary>The proof is none.</summary>
    InvalidProof,

    /// <summary>This is not its turn.</summary>
    WrongState,

    /// <summary>Not looked at: a wait is on.</summary>
    Wait,
}

/// <param name="Outcome">What was decided.</param>
/// <param name="Events">What happens by that.</param>
/// <param name="WaitSeconds">How long to wait.</param>
/// <param name="AvailableAt">Until when completion waits.</param>
public sealed record RecoveryDecision(
    RecoveryOutcome Outcome, IReadOnlyList<IRecoveryEvent> Events, int WaitSeconds = 0, DateTimeOffset? AvailableAt = null);

/// <summary>The call whose digits are due.</summary>
/// <param name="CallId">The call.</param>
/// <param name="ExpiresAt">From when on they are worth nothing.</param>
/// <param name="WrongDigits">How often wrong ones were keyed.</param>
public sealed record DueCall(Guid CallId, DateTimeOffset ExpiresAt, int WrongDigits);

/// <summary>
/// A root user's way in without its device: the password, then the e-mail address, then the phone, in this order. The state of
/// the stream <c>recovery:{id}</c>.
/// </summary>
public sealed record RootRecovery
{
    /// <summary>How the keys of recoveries' streams begin.</summary>
    public const string KeyPrefix = "recovery:";

    public required string Id { get; init; }

    public required int ContactVersion { get; init; }

    public required bool ContactChangedLately { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it is over, unless it was completed.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>How far it got; whether its time is over says <see cref="StepAt"/>.</summary>
    public RecoveryStep Step { get; init; }

    public DateTimeOffset? EmailVerifiedAt { get; init; }

    public DueCall? Call { get; init; }

    public int CallsPlaced { get; init; }

    /// <summary>Refused proofs in a row.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>The last wait that those began.</summary>
    public Wait? Wait { get; init; }

    /// <summary>Until when completion waits.</summary>
    public DateTimeOffset? AvailableAt { get; init; }

    /// <summary>When the mail with the link went out.</summary>
    public DateTimeOffset? MailSentAt { get; init; }

    /// <summary>The session that it gave.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>Whether it goes on, as far as events tell.</summary>
    public bool IsOpen => Step is RecoveryStep.Email or RecoveryStep.Phone or RecoveryStep.Verified;

    public static string StreamKey(Guid recoveryId) => KeyPrefix + recoveryId;

    /// <summary>The recovery of a stream; null for another stream.</summary>
    public static Guid? IdOf(string streamKey) =>
        streamKey?.StartsWith(KeyPrefix, StringComparison.Ordinal) == true
        && Guid.TryParse(streamKey[KeyPrefix.Length..], out var id)
            ? id
            : null;

    /// <summary>Begins one.</summary>
    /// <param name="contactVersion">The contact information in force.</param>
    /// <param name="contactChangedAt">When it last changed; null when it is the one of the registration.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">The policies.</param>
    public static RecoveryStarted Start(
        int contactVersion, DateTimeOffset? contactChangedAt, DateTimeOffset now, RecoveryPolicy policy) =>
        new(contactVersion, now - contactChangedAt < policy.ContactSettles, now + policy.Lifetime);

    /// <summary>How far it is: what nobody ended is over with its time.</summary>
    public RecoveryStep StepAt(DateTimeOffset now) => IsOpen && now >= ExpiresAt ? RecoveryStep.Expired : Step;

    /// <summary>The link came back.</summary>
    /// <param name="right">Whether it is this recovery's, and was not used before.</param>
    /// <param name="now">The time.</param>
    /// <param name="throttle">How refusals wait.</param>
    public RecoveryDecision ProveEmail(bool right, DateTimeOffset now, ThrottlePolicy throttle)
    {
        if (Wait?.SecondsLeft(now) is { } seconds) return new RecoveryDecision(RecoveryOutcome.Wait, [], seconds);
        if (!right) return Reject(RecoveryProof.Email, ProofRefusal.Wrong, null, throttle);
        return StepAt(now) == RecoveryStep.Email
            ? new RecoveryDecision(RecoveryOutcome.Done, [new EmailVerified()])
            : Reject(RecoveryProof.Email, ProofRefusal.NotDue, null, throttle);
    }

    /// <summary>Why the phone is not called now; null when it may be, by a <see cref="PhoneCallPlaced"/>.</summary>
    public RecoveryDecision? RefuseCall(DateTimeOffset now, RecoveryPolicy policy)
    {
        if (StepAt(now) != RecoveryStep.Phone) return new RecoveryDecision(RecoveryOutcome.WrongState, []);
        if (Wait?.SecondsLeft(now) is { } seconds) return new RecoveryDecision(RecoveryOutcome.Wait, [], seconds);
        return CallsPlaced < policy.Calls
            ? null
            : new RecoveryDecision(RecoveryOutcome.Wait, [], (int)Math.Ceiling((ExpiresAt - now).TotalSeconds));
    }

    /// <summary>
    /// Digits were keyed into a call. Each call takes so few wrong ones, and new calls wait so long, that they are looked at
    /// during a wait as well.
    /// </summary>
    /// <param name="callId">The call.</param>
    /// <param name="right">Whether they are those of the page.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">The policies.</param>
    /// <param name="throttle">How refusals wait.</param>
    public RecoveryDecision KeyDigits(Guid callId, bool right, DateTimeOffset now, RecoveryPolicy policy, ThrottlePolicy throttle)
    {
        var due = StepAt(now) == RecoveryStep.Phone
            && Call is { } call
            && call.CallId == callId
            && call.WrongDigits < policy.WrongDigits
            && now < call.ExpiresAt;
        if (!due) return Reject(RecoveryProof.Phone, ProofRefusal.NotDue, callId, throttle);
        if (!right) return Reject(RecoveryProof.Phone, ProofRefusal.Wrong, callId, throttle);
        return new RecoveryDecision(RecoveryOutcome.Done,
            [ContactChangedLately
                ? new PhoneVerified(callId, now + policy.Hold, ExpiresAt + policy.HoldLifetime)
                : new PhoneVerified(callId, null, ExpiresAt)]);
    }

    /// <summary>Both proofs give a session, once.</summary>
    public RecoveryDecision Complete(Guid sessionId, DateTimeOffset now)
    {
        if (StepAt(now) != RecoveryStep.Verified) return new RecoveryDecision(RecoveryOutcome.WrongState, []);
        return now < AvailableAt
            ? new RecoveryDecision(RecoveryOutcome.WrongState, [], AvailableAt: AvailableAt)
            : new RecoveryDecision(RecoveryOutcome.Done, [new RecoveryCompleted(sessionId)]);
    }

    /// <summary>"This was not me": ends it, also when it was completed. What is over stays as it is.</summary>
    public IReadOnlyList<IRecoveryEvent> Repudiate(DateTimeOffset now) =>
        StepAt(now) is RecoveryStep.Repudiated or RecoveryStep.Expired ? [] : [new RecoveryRepudiated()];

    /// <summary>Ends it when its time is over; nothing happens before that, or when it is over.</summary>
    public IReadOnlyList<IRecoveryEvent> Expire(DateTimeOffset now) =>
        IsOpen && now >= ExpiresAt ? [new RecoveryExpired(RecoveryEnd.TimeOver)] : [];

    /// <summary>
    /// Why it proves nothing any more, if it does not: the password that it began with is not the password, or the owner took back
    /// the contact information that it uses.
    /// </summary>
    /// <param name="passwordChangedAt">When the root user's password last changed.</param>
    /// <param name="account">The account.</param>
    public RecoveryEnd? Outdated(DateTimeOffset? passwordChangedAt, Account account) => this switch
    {
        { IsOpen: false } => null,
        _ when passwordChangedAt >= StartedAt => RecoveryEnd.PasswordChanged,
        _ when account.IsUndone(ContactVersion) => RecoveryEnd.ContactUndone,
        _ when ContactVersion <= account.ErasedContact => RecoveryEnd.ContactErased,
        _ => null,
    };

    /// <summary>Ends it for another reason; nothing happens when it is over.</summary>
    public IReadOnlyList<IRecoveryEvent> End(RecoveryEnd reason) => IsOpen ? [new RecoveryExpired(reason)] : [];

    /// <summary>The state after <paramref name="event"/>, which happened <paramref name="at"/>.</summary>
    public static RootRecovery? Evolve(RootRecovery? state, string id, IRecoveryEvent @event, DateTimeOffset at) => @event switch
    {
        RecoveryStarted e => new RootRecovery
        {
            Id = id,
            ContactVersion = e.ContactVersion,
            ContactChangedLately = e.ContactChangedLately,
            StartedAt = at,
            ExpiresAt = e.ExpiresAt,
        },
        _ => state?.After(@event, at),
    };

    private RootRecovery After(IRecoveryEvent @event, DateTimeOffset at) => @event switch
    {
        RecoveryMailSent => this with { MailSentAt = at },
        EmailVerified => Proven(RecoveryStep.Phone) with { EmailVerifiedAt = at },
        PhoneCallPlaced e => this with { Call = new DueCall(e.CallId, e.ExpiresAt, 0), CallsPlaced = CallsPlaced + 1 },
        PhoneVerified e => Proven(RecoveryStep.Verified) with
        {
            Call = null,
            AvailableAt = e.AvailableAt,
            ExpiresAt = e.ExpiresAt,
        },
        RecoveryCompleted e => this with { Step = RecoveryStep.Completed, SessionId = e.SessionId },
        RecoveryProofRejected e => this with
        {
            ConsecutiveFailures = ConsecutiveFailures + 1,
            Wait = Wait.Begun(e.WaitSeconds, at, Wait),
            Call = Call is { } call && call.CallId == e.CallId && e.Reason == ProofRefusal.Wrong
                ? call with { WrongDigits = call.WrongDigits + 1 }
                : Call,
        },
        RecoveryRepudiated => this with { Step = RecoveryStep.Repudiated, Call = null },
        RecoveryExpired => this with { Step = RecoveryStep.Expired, Call = null },
        _ => this,
    };

    private RootRecovery Proven(RecoveryStep next) => this with { Step = next, ConsecutiveFailures = 0, Wait = null };

    private RecoveryDecision Reject(RecoveryProof proof, ProofRefusal reason, Guid? callId, ThrottlePolicy throttle) => new(
        RecoveryOutcome.InvalidProof,
        [new RecoveryProofRejected(proof, reason, callId, throttle.SecondsAfter(ConsecutiveFailures + 1))]);
}
