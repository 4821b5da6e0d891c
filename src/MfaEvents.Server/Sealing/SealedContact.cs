namespace MfaEvents.Server.Sealing;

/// <summary>
/// One version of an account's personal data, sealed apart from events so that it can be erased while history stays.
/// </summary>
/// <param name="Id">The version.</param>
/// <param name="Sealed">The <see cref="ContactInformation"/> under the key ring; opens for this account and version
/// alone.</param>
public sealed record SealedContact(string Id, string Sealed);

/// <summary>How an account is called and reached.</summary>
public sealed record ContactInformation(string AccountName, string Email, string Phone)
{
    /// <summary>An address that was asked for and is not confirmed yet.</summary>
    public string? PendingEmail { get; init; }

    /// <summary>A number that was asked for and is not confirmed yet.</summary>
    public string? PendingPhone { get; init; }

    public override string ToString() => "***";
}
