using System.Text.Json;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Sealing;

namespace MfaEvents.Server.Accounts;

/// <summary>Opens the account that was reserved in the directory; sealed, because it waits in a queue.</summary>
public sealed record OpenAccount(string AccountId, string Sealed)
{
    private const string Purpose = "account-opening";

    public static OpenAccount Seal(Seals seals, string accountId, AccountOpening opening)
    {
        return new OpenAccount(accountId, seals.Seal(Purpose + accountId, JsonSerializer.SerializeToUtf8Bytes(opening)));
    }

    public AccountOpening Open(Seals seals)
    {
        return JsonSerializer.Deserialize<AccountOpening>(seals.Open(Purpose + AccountId, Sealed))!;
    }

    /// <summary>The same under the key that is active now, and the password inside of it too.</summary>
    public OpenAccount Anew(Seals seals)
    {
        var opening = Open(seals);
        return Seal(seals, AccountId, opening with { Password = seals.Anew(AccountId, opening.Password) });
    }
}

/// <summary>What an account is opened with, and where the request came from.</summary>
public sealed record AccountOpening(ContactInformation Contact, SealedPassword Password, Origin Origin);

public static class OpenAccountHandler
{
    /// <summary>Idempotent: the request that reserved the account calls it, and so does the message it left behind.</summary>
    public static async Task Handle(OpenAccount message, IDocumentSession session, Seals seals, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is not null) return;

        const int firstVersion = 1;
        var opening = message.Open(seals);
        opening.Origin.Stamp(session);
        session.Events.StartStream<Account>(
            Account.StreamKey, session.SealContact(new AccountRegistered(firstVersion), firstVersion, opening.Contact, seals));
        session.Events.StartStream<PrincipalMfa>(Principal.Root, new PrincipalCreated());
        session.Insert(seals.Anew(message.AccountId, opening.Password));
    }
}
