using Marten;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.SignIn;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Support;
using Weasel.Core;

namespace MfaEvents.Server.Accounts;

/// <summary>What is known across accounts: a store of its own on the main database.</summary>
public interface IDirectoryStore : IDocumentStore;

public static class DirectoryStore
{
    public const string Schema = "directory";

    public static void Configure(StoreOptions store, string connectionString)
    {
        store.Connection(connectionString);
        store.DatabaseSchemaName = Schema;
        store.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase);
        store.Schema.For<RootEmail>().Index(email => email.AccountId);
        store.Schema.For<GivenAccountId>();
        RememberedAnswer.Map(store);
        PasswordFailures.Map(store);
        AttemptKey.Map(store);
        PhoneCall.Map(store);
        SeenSignature.Map(store);
        TokenKey.Map(store);
        CheckpointKey.Map(store);
        SealingKey.Map(store);
        RingElement.Map(store);
        KeyRotation.Map(store);
        CaseTable.Map(store);
    }
}

/// <summary>
/// The account whose root user signs in with an e-mail address; or, while it is held, for which nobody else may have it.
/// </summary>
/// <param name="Id">The address in lower case: addresses compare without case.</param>
/// <param name="AccountId">The account.</param>
public sealed record RootEmail(string Id, string AccountId)
{
    /// <summary>Until when an address is held that nobody signs in with: a new one, or one that may come back.</summary>
    public DateTimeOffset? HeldUntil { get; init; }

    public static string IdOf(string email)
    {
        return email.ToLowerInvariant();
    }
}

/// <summary>An account id that was given out.</summary>
public sealed record GivenAccountId(string Id);
