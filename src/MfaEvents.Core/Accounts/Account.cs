using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace MfaEvents.Core.Accounts;

/// <summary>An account: the boundary of isolation. The state of the stream <c>account</c> in its tenant.</summary>
public sealed partial record Account
{
    /// <summary>The key of the account's own stream; the tenant says which account it is.</summary>
    public const string StreamKey = "account";

    /// <summary>What is older than that decides nothing any more, whatever the policies.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromDays(30);

    public required string Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The latest version of the sealed contact information: what is in force, and what is pending.</summary>
    public required int ContactVersion { get; init; }

    /// <summary>The version in which the pending e-mail address was asked for; null when none is pending.</summary>
    public int? PendingEmail { get; init; }

    /// <summary>The version in which the pending phone number was asked for; null when none is pending.</summary>
    public int? PendingPhone { get; init; }

    /// <summary>What was in force before, oldest first.</summary>
    public ImmutableArray<FormerContact> FormerContacts { get; init; } = [];

    /// <summary>Versions that were undone: whoever was reached by them has no say.</summary>
    public ImmutableArray<UndoneContact> UndoneContacts { get; init; } = [];

    /// <summary>The last version of which an address or a number was erased; null as long as there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ErasedContact { get; init; }

    /// <summary>When changes were last asked for.</summary>
    public ImmutableArray<DateTimeOffset> ContactRequests { get; init; } = [];

    /// <summary>When calls to a pending number were last asked for.</summary>
    public ImmutableArray<DateTimeOffset> ContactCalls { get; init; } = [];

    /// <summary>The latest call to the pending number; null once it has done its work.</summary>
    public ContactCall? ContactCall { get; init; }

    /// <summary>When a change of the e-mail address was last undone.</summary>
    public DateTimeOffset? EmailRestoredAt { get; init; }

    /// <summary>When a change of the phone number was last undone.</summary>
    public DateTimeOffset? PhoneRestoredAt { get; init; }

    /// <summary>
    /// When the e-mail address in force was last exchanged for another one. To undo an exchange is one too: whoever has the
    /// former mailbox may be the thief of it.
    /// </summary>
    public DateTimeOffset? EmailChangedAt =>
        Later(FormerContacts.LastOrDefault(former => former.Email)?.ReplacedAt, EmailRestoredAt);

    /// <summary>When the phone number in force was last exchanged for another one, or an exchange of it undone.</summary>
    public DateTimeOffset? PhoneChangedAt =>
        Later(FormerContacts.LastOrDefault(former => former.Phone)?.ReplacedAt, PhoneRestoredAt);

    /// <summary>When anything of it was last exchanged; null when it has long been what it is.</summary>
    public DateTimeOffset? ContactChangedAt => Later(EmailChangedAt, PhoneChangedAt);

    public static Account? Evolve(Account? state, IAccountEvent @event, DateTimeOffset at) => @event switch
    {
        AccountRegistered e => new Account { Id = StreamKey, CreatedAt = at, ContactVersion = e.ContactVersion },

        ContactChangeRequested e => state! with
        {
            ContactVersion = e.ContactVersion,
            PendingEmail = e.Email ? e.ContactVersion : null,
            PendingPhone = e.Phone ? e.ContactVersion : null,
            ContactRequests = Recent(state!.ContactRequests, at).Add(at),
            ContactCall = null,
        },

        ContactInformationChanged e => state! with
        {
            ContactVersion = e.ContactVersion,
            PendingEmail = e.Email ? null : state!.PendingEmail,
            PendingPhone = e.Phone ? null : state!.PendingPhone,
            FormerContacts =
            [
                .. state!.FormerContacts.Where(former => at - former.ReplacedAt < Memory),
                new FormerContact(state!.ContactVersion, at, e.Email, e.Phone),
            ],
            ContactCall = e.Phone ? null : state!.ContactCall,
        },

        ContactRestored e => state!.Restored(e, at),

        ContactCallPlaced e => state! with
        {
            ContactCalls = Recent(state!.ContactCalls, at).Add(at),
            ContactCall = new ContactCall(e.CallId, e.ExpiresAt, 0, at),
        },

        ContactDigitsRejected e when state!.ContactCall is { } call && call.CallId == e.CallId => state! with
        {
            ContactCall = call with { WrongDigits = call.WrongDigits + 1 },
        },

        PersonalDataErased e => state!.Erased(e.Fields.Contains(PersonalField.Email), e.Fields.Contains(PersonalField.Phone)),

        _ => state,
    };

    // What is erased is pending no more, and comes back no more.
    private Account Erased(bool email, bool phone) => this with
    {
        ErasedContact = email || phone ? ContactVersion : ErasedContact,
        PendingEmail = email ? null : PendingEmail,
        PendingPhone = phone ? null : PendingPhone,
        ContactCall = phone ? null : ContactCall,
        FormerContacts =
        [
            .. FormerContacts
                .Select(former => former with { Email = former.Email && !email, Phone = former.Phone && !phone })
                .Where(former => former.Email || former.Phone),
        ],
    };

    private Account Restored(ContactRestored e, DateTimeOffset at)
    {
        var undone = FormerContacts.Where(former => former.Version >= e.RestoredVersion).ToArray();
        var emails = undone.Where(former => former.Email).Select(former => former.Version).ToArray();
        return this with
        {
            ContactVersion = e.ContactVersion,
            PendingEmail = null,
            PendingPhone = null,
            FormerContacts = [.. FormerContacts.Where(former => former.Version < e.RestoredVersion)],
            UndoneContacts =
            [
                .. UndoneContacts.Where(gone => at - gone.At < Memory),
                new UndoneContact(e.RestoredVersion + 1, e.ContactVersion - 1, at)
                {
                    // The addresses that came after the one in force again: each was last in force in one of these.
                    Emails = emails is [] ? [] : [.. emails[1..], e.ContactVersion - 1],
                },
            ],
            EmailRestoredAt = emails is [] ? EmailRestoredAt : at,
            PhoneRestoredAt = undone.Any(former => former.Phone) ? at : PhoneRestoredAt,
            ContactCall = null,
        };
    }

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one > other || other is null ? one : other;

    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    private static ImmutableArray<DateTimeOffset> Recent(ImmutableArray<DateTimeOffset> times, DateTimeOffset at) =>
        [.. times.Where(time => at - time < Day)];
}

/// <summary>Contact information that another took the place of.</summary>
/// <param name="Version">The version of the sealed contact information in which it was last in force.</param>
/// <param name="ReplacedAt">Until when.</param>
/// <param name="Email">Whether the e-mail address was replaced.</param>
/// <param name="Phone">Whether the phone number was.</param>
public sealed record FormerContact(int Version, DateTimeOffset ReplacedAt, bool Email, bool Phone);

/// <summary>Versions of contact information that were undone.</summary>
public sealed record UndoneContact(int From, int To, DateTimeOffset At)
{
    /// <summary>Those of them in which an address was last in force that is so no more.</summary>
    public ImmutableArray<int> Emails { get; init; } = [];
}

/// <summary>A call to the pending phone number.</summary>
/// <param name="CallId">The call.</param>
/// <param name="ExpiresAt">From when on its digits are worth nothing.</param>
/// <param name="WrongDigits">How often wrong ones were keyed.</param>
/// <param name="PlacedAt">When it was asked for.</param>
public sealed record ContactCall(Guid CallId, DateTimeOffset ExpiresAt, int WrongDigits, DateTimeOffset PlacedAt);
