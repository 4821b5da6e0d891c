namespace MfaEvents.Core.Accounts;

/// <summary>Decisions about contact information, whose values lie sealed apart: here are versions of them only.</summary>
public sealed partial record Account
{
    /// <summary>The seconds to wait before another change may be asked for; null when it may be now.</summary>
    public int? RequestWait(DateTimeOffset now, ContactPolicy policy) => PerDay.Wait(ContactRequests, policy.RequestsPerDay, now);

    /// <summary>Asks for other values; the one that is not asked for any more is no longer pending.</summary>
    public ContactChangeRequested RequestContact(bool email, bool phone) => new(ContactVersion + 1, email, phone);

    /// <summary>Confirms the pending address by the link that its request sent; null when something else is pending by now.</summary>
    public ContactInformationChanged? ConfirmEmail(int requestVersion) =>
        PendingEmail == requestVersion ? new ContactInformationChanged(ContactVersion + 1, Email: true, Phone: false) : null;

    /// <summary>The seconds to wait before another call may be asked for; null when it may be now.</summary>
    public int? CallWait(DateTimeOffset now, ContactPolicy policy) => PerDay.Wait(ContactCalls, policy.CallsPerDay, now);

    /// <summary>Confirms the pending number by the digits that were keyed into a call; nothing happens when the call is over.</summary>
    public IReadOnlyList<IAccountEvent> Answer(Guid callId, bool right, DateTimeOffset now, ContactPolicy policy)
    {
        if (PendingPhone is null || ContactCall is not { } call || call.CallId != callId) return [];
        if (now >= call.ExpiresAt || call.WrongDigits >= policy.WrongDigits) return [];
        return right
            ? [new ContactInformationChanged(ContactVersion + 1, Email: false, Phone: true)]
            : [new ContactDigitsRejected(callId)];
    }

    /// <summary>
    /// The versions whose addresses are told of what happens: the one in force, and those whose owners may still undo its change.
    /// </summary>
    public IReadOnlyList<int> ContactsToTell(DateTimeOffset now, ContactPolicy policy) =>
    [
        .. FormerContacts.Where(former => former.Email && CanUndo(former, now, policy)).Select(former => former.Version),
        ContactVersion,
    ];

    /// <summary>
    /// The versions whose addresses a restoration took back: each is told of that once, and of nothing after it. Whoever changed
    /// the contact for good learns so that somebody else has the former one.
    /// </summary>
    public IReadOnlyList<int> ContactsTakenBack(ContactRestored restored) =>
        UndoneContacts.FirstOrDefault(undone => undone.To == restored.ContactVersion - 1)?.Emails ?? [];

    /// <summary>
    /// Whether everybody who is told of what happens now was reached already, by whatever version held the same address.
    /// </summary>
    /// <param name="reached">The versions that somebody was reached by.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">For how long a former address has its say.</param>
    public bool AreReached(IReadOnlyCollection<int> reached, DateTimeOffset now, ContactPolicy policy) =>
        ContactsToTell(now, policy).All(wanted => reached.Any(version => !IsUndone(version) && IsSameEmail(version, wanted)));

    /// <summary>Whether a version was taken back.</summary>
    public bool IsUndone(int version) => UndoneContacts.Any(undone => undone.From <= version && version <= undone.To);

    /// <summary>Whether whoever was reached by a version has a say in what happens to the account.</summary>
    public bool HasSay(int version, DateTimeOffset now, ContactPolicy policy) =>
        version <= ContactVersion
        && !IsUndone(version)
        && (FormerContacts.FirstOrDefault(former => former.Email && version <= former.Version) is not { } former || CanUndo(former, now, policy));

    /// <summary>
    /// Undoes all changes that can still be undone, and whatever is pending; null when there is nothing of the kind.
    /// </summary>
    public ContactRestored? RestoreContact(DateTimeOffset now, ContactPolicy policy)
    {
        if (FormerContacts.FirstOrDefault(former => CanUndo(former, now, policy)) is { } former)
            return new ContactRestored(ContactVersion + 1, former.Version);
        return PendingEmail is null && PendingPhone is null ? null : new ContactRestored(ContactVersion + 1, ContactVersion);
    }

    private static bool CanUndo(FormerContact former, DateTimeOffset now, ContactPolicy policy) =>
        now - former.ReplacedAt < policy.Undo;

    private bool IsSameEmail(int one, int other) => !FormerContacts.Any(
        former => former.Email && Math.Min(one, other) <= former.Version && former.Version < Math.Max(one, other));
}
