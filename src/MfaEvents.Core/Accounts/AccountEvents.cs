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

public sealed record UserCreated(string UserName) : IAccountEvent;

public sealed record UserDeleted(string UserName) : IAccountEvent;
