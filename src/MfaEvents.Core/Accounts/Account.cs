namespace MfaEvents.Core.Accounts;

/// <summary>An account: the boundary of isolation. The state of the stream <c>account</c> in its tenant.</summary>
public sealed record Account
{
    /// <summary>The key of the account's own stream; the tenant says which account it is.</summary>
    public const string StreamKey = "account";

    public required string Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The version of the sealed contact information that is in force.</summary>
    public required int ContactVersion { get; init; }

    public static Account? Evolve(Account? state, IAccountEvent @event, DateTimeOffset at) => @event switch
    {
        AccountRegistered e => new Account { Id = StreamKey, CreatedAt = at, ContactVersion = e.ContactVersion },
        ContactChangeRequested e => state! with { ContactVersion = e.ContactVersion },
        _ => state,
    };
}
