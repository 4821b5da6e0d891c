using JasperFx.Events;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Sealing;

namespace MfaEvents.Server.Accounts;

/// <summary>
/// The versions of an account's contact information. Each comes with an event, which commits to it: the values can be erased, and not
/// exchanged.
/// </summary>
public static class ContactVersions
{
    /// <summary>The fields of a version, in the order in which its event commits to them.</summary>
    public static IReadOnlyList<PersonalField> Fields { get; } = [PersonalField.AccountName, PersonalField.Email, PersonalField.Phone];

    /// <summary>Seals a version for the session's account, and gives the event to append that it comes with.</summary>
    public static IEvent SealContact(
        this IDocumentSession session, object happened, int version, ContactInformation contact, Seals seals)
    {
        var salted = contact.Salted();
        session.Insert(seals.Seal(session.TenantId, version, salted));
        var committed = session.Events.BuildEvent(happened);
        committed.SetHeader(
            Origin.ContactCommitmentHeader, Commitment.To([.. Fields.Select(field => salted.Committed(field)!.Value)]));
        return committed;
    }

    /// <summary>The contact information that is in force.</summary>
    public static async Task<ContactInformation> ContactAsync(
        this IQuerySession session, string accountId, Account account, Seals seals, CancellationToken cancellation)
    {
        var contact = await session.LoadAsync<SealedContact>(Seals.ContactId(account.ContactVersion), cancellation)
            ?? throw new InvalidOperationException("The account's contact information is missing.");
        return seals.Open(accountId, contact);
    }
}
