using MfaEvents.Core.Accounts;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit;

namespace MfaEvents.Server.Sealing;

/// <summary>
/// One version of an account's personal data, sealed apart from events so that it can be erased while history stays.
/// </summary>
/// <param name="Id">The version.</param>
/// <param name="Sealed">The <see cref="ContactInformation"/> under the key ring; opens for this account and version
/// alone.</param>
public sealed record SealedContact(string Id, string Sealed);

/// <summary>How an account is called and reached; what was erased is null.</summary>
public sealed record ContactInformation(string? AccountName, string? Email, string? Phone)
{
    /// <summary>An address that was asked for and is not confirmed yet.</summary>
    public string? PendingEmail { get; init; }

    /// <summary>A number that was asked for and is not confirmed yet.</summary>
    public string? PendingPhone { get; init; }

    /// <summary>With what the event that it came with commits to it; a former version may have none.</summary>
    public ContactSalts? Salts { get; init; }

    /// <summary>The same with salts of its own: what is drawn for one version serves no other.</summary>
    public ContactInformation Salted() =>
        this with { Salts = new ContactSalts(Salt.Draw(), Salt.Draw(), Salt.Draw()) };

    /// <summary>What can be committed to of a field; null when its salt was erased.</summary>
    public Committed? Committed(PersonalField field) => field switch
    {
        PersonalField.AccountName when Salts?.AccountName is { } salt => new Committed(salt, AccountName),
        PersonalField.Email when Salts?.Email is { } salt => new Committed(salt, Email, PendingEmail),
        PersonalField.Phone when Salts?.Phone is { } salt => new Committed(salt, Phone, PendingPhone),
        _ => null,
    };

    /// <summary>Whether anything of a field is there.</summary>
    public bool Has(PersonalField field) => field switch
    {
        PersonalField.AccountName => AccountName is not null,
        PersonalField.Email => Email is not null || PendingEmail is not null,
        PersonalField.Phone => Phone is not null || PendingPhone is not null,
        _ => false,
    };

    /// <summary>The same without a field and its salt.</summary>
    public ContactInformation Without(PersonalField field) => field switch
    {
        PersonalField.AccountName => this with { AccountName = null, Salts = Salts is null ? null : Salts with { AccountName = null } },
        PersonalField.Email => this with { Email = null, PendingEmail = null, Salts = Salts is null ? null : Salts with { Email = null } },
        PersonalField.Phone => this with { Phone = null, PendingPhone = null, Salts = Salts is null ? null : Salts with { Phone = null } },
        _ => this,
    };

    public override string ToString() => "***";
}

/// <summary>The salts of a version of contact information, in base64, each gone with what it belongs to.</summary>
public sealed record ContactSalts(string? AccountName, string? Email, string? Phone)
{
    public override string ToString() => "***";
}
