namespace MfaEvents.Core.Recovery;

// A storage format: never edited, only superseded. No token, no digits, no address and no number is here.

/// <summary>An event of one recovery's own stream.</summary>
public interface IRecoveryEvent;

/// <summary>Somebody who proved the root user's password asked for a way in without its device.</summary>
/// <param name="ContactVersion">The version of the sealed contact information whose address and number it uses.</param>
/// <param name="ContactChangedLately">Whether that contact was changed so lately that completion waits.</param>
/// <param name="ExpiresAt">When it is over, whatever was proven.</param>
public sealed record RecoveryStarted(int ContactVersion, bool ContactChangedLately, DateTimeOffset ExpiresAt) : IRecoveryEvent;

/// <summary>The link went out to the address on file.</summary>
public sealed record RecoveryMailSent : IRecoveryEvent;

/// <summary>The link came back, together with the recovery's key.</summary>
public sealed record EmailVerified : IRecoveryEvent;

/// <summary>The phone on file is called; an earlier call is over with that.</summary>
/// <param name="CallId">The call.</param>
/// <param name="ExpiresAt">From when on its digits are worth nothing.</param>
public sealed record PhoneCallPlaced(Guid CallId, DateTimeOffset ExpiresAt) : IRecoveryEvent;

/// <summary>The digits of the page were keyed into the phone.</summary>
/// <param name="CallId">The call.</param>
/// <param name="AvailableAt">Until when completion waits, because the contact was changed lately; null when it does not.</param>
/// <param name="ExpiresAt">When the recovery is over.</param>
public sealed record PhoneVerified(Guid CallId, DateTimeOffset? AvailableAt, DateTimeOffset ExpiresAt) : IRecoveryEvent;

/// <summary>A session was given for it.</summary>
public sealed record RecoveryCompleted(Guid SessionId) : IRecoveryEvent;

/// <summary>A proof was refused.</summary>
/// <param name="Proof">Which.</param>
/// <param name="Reason">Why; the caller is not told.</param>
/// <param name="CallId">The call whose digits they were not.</param>
/// <param name="WaitSeconds">How long the next attempt waits; 0 when this failure begins no wait.</param>
public sealed record RecoveryProofRejected(
    RecoveryProof Proof, ProofRefusal Reason, Guid? CallId, int WaitSeconds) : IRecoveryEvent;

/// <summary>The owner said that it was not them.</summary>
public sealed record RecoveryRepudiated : IRecoveryEvent;

/// <summary>It ended without a session.</summary>
public sealed record RecoveryExpired(RecoveryEnd Reason) : IRecoveryEvent;

/// <summary>A proof of a recovery.</summary>
public enum RecoveryProof
{
    Email,

    Phone,
}

/// <summary>Why a proof was refused.</summary>
public enum ProofRefusal
{
    /// <summary>It is false, or another recovery's.</summary>
    Wrong,

    /// <summary>It was not asked for then: it came too late, too early or once more.</summary>
    NotDue,
}

/// <summary>Why a recovery ended without a session.</summary>
public enum RecoveryEnd
{
    /// <summary>Its time was over.</summary>
    TimeOver,

    /// <summary>Another recovery proved the e-mail address after it.</summary>
    Superseded,

    /// <summary>The password that it began with is no longer the password.</summary>
    PasswordChanged,

    /// <summary>The contact information that it uses was taken back as somebody else's.</summary>
    ContactUndone,

    /// <summary>The address or the number that it uses was erased.</summary>
    ContactErased,
}

// In the root user's own stream.

/// <summary>A recovery was completed: e-mail address and phone took the place of a device.</summary>
public sealed record RecoveryVerified(Guid RecoveryId);

/// <summary>
/// A completed recovery was repudiated. Its devices are removed and its sessions ended by events of their own; until a device is
/// active, the password alone signs nobody in: whoever recovered knew it.
/// </summary>
/// <param name="RecoveryId">The recovery.</param>
/// <param name="PasswordVoided">Whether a password that it set was taken back for the one before.</param>
public sealed record RecoveryUndone(Guid RecoveryId, bool PasswordVoided);
