using System.Collections.Immutable;

namespace MfaEvents.Core.Accounts;

// A storage format: never edited, only superseded. Names, addresses and numbers of people lie sealed apart, by version.

/// <summary>An event of an account's own stream.</summary>
public interface IAccountEvent;

/// <summary>The account is open.</summary>
/// <param name="ContactVersion">The version of the sealed contact information it opened with, which counts as confirmed.</param>
public sealed record AccountRegistered(int ContactVersion) : IAccountEvent;

/// <summary>A change of contact information was asked for, and is pending until confirmed.</summary>
/// <param name="ContactVersion">The version of the sealed contact information that holds the pending values.</param>
/// <param name="Email">Whether another e-mail address is pending.</param>
/// <param name="Phone">Whether another phone number is pending.</param>
public sealed record ContactChangeRequested(int ContactVersion, bool Email, bool Phone) : IAccountEvent;

/// <summary>A pending value was confirmed, and is in force.</summary>
/// <param name="ContactVersion">The version of the sealed contact information in which it is.</param>
/// <param name="Email">Whether it is the e-mail address.</param>
/// <param name="Phone">Whether it is the phone number.</param>
public sealed record ContactInformationChanged(int ContactVersion, bool Email, bool Phone) : IAccountEvent;

/// <summary>A change of contact information was undone: somebody who was reached before it says that it was not theirs.</summary>
/// <param name="ContactVersion">The version of the sealed contact information that holds what was in force before.</param>
/// <param name="RestoredVersion">The version that it is a copy of.</param>
public sealed record ContactRestored(int ContactVersion, int RestoredVersion) : IAccountEvent;

/// <summary>The pending phone number is called; an earlier call is over with that.</summary>
/// <param name="CallId">The call.</param>
/// <param name="ExpiresAt">From when on its digits are worth nothing.</param>
public sealed record ContactCallPlaced(Guid CallId, DateTimeOffset ExpiresAt) : IAccountEvent;

/// <summary>Other digits were keyed into it than the page shows.</summary>
public sealed record ContactDigitsRejected(Guid CallId) : IAccountEvent;

/// <summary>
/// Personal data were erased on request: of everything before this event, and nothing after it. Their commitments stay, so that the
/// history can be verified as before.
/// </summary>
/// <param name="ErasureId">The erasure.</param>
/// <param name="Fields">What.</param>
public sealed record PersonalDataErased(Guid ErasureId, ImmutableArray<PersonalField> Fields) : IAccountEvent;

/// <summary>What of an account's personal data can be erased: all that lies apart from the payloads of its events.</summary>
public enum PersonalField
{
    AccountName,

    /// <summary>E-mail addresses: in force, former and pending ones.</summary>
    Email,

    /// <summary>Phone numbers: in force, former and pending ones.</summary>
    Phone,

    /// <summary>The network addresses that requests came from.</summary>
    ClientAddress,

    /// <summary>What their clients called themselves.</summary>
    UserAgent,
}

public sealed record UserCreated(string UserName) : IAccountEvent;

public sealed record UserDeleted(string UserName) : IAccountEvent;
