using System.Security.Cryptography;
using System.Text;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine;

namespace MfaEvents.Server.Accounts;

/// <summary>
/// Makes the directory say what the account says: the address in force signs in, one that may come back is held, others are free.
/// The directory may lie in another database. So the message is left before the account changes, the request that changed it
/// calls it too, and a crash between is finished by the message.
/// </summary>
public sealed record SettleRootEmails(string AccountId)
{
    /// <summary>How long the message waits, so that it finds what the request has settled already.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>How long a new address is held before its account has it: longer than any request.</summary>
    public static readonly TimeSpan Claim = TimeSpan.FromMinutes(2);
}

public static class SettleRootEmailsHandler
{
    /// <summary>Idempotent: it compares what is with what should be. It sends itself again for when a held address is free.</summary>
    public static async Task<OutgoingMessages> Handle(
        SettleRootEmails message,
        IDocumentStore accounts,
        IDirectoryStore directory,
        Seals seals,
        MfaEventsSettings settings,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        // Whoever has the lock reads the account after it: the last one that settles has seen the last change.
        await using var addresses = directory.LightweightSession();
        await addresses.HoldAsync(LockOf(message.AccountId), cancellation);

        var later = new OutgoingMessages();
        await using var query = accounts.QuerySession(message.AccountId);
        if (await query.LoadAsync<Account>(Account.StreamKey, cancellation) is not { } account) return later;
        var now = clock.GetUtcNow();
        var inForce = (await query.ContactAsync(message.AccountId, account, seals, cancellation)).Email is { } email
            ? RootEmail.IdOf(email)
            : null;
        var held = await HeldAsync(account, query, message.AccountId, seals, now, settings.Contact, cancellation);
        if (inForce is not null) held.Remove(inForce);

        var rows = await addresses.Query<RootEmail>().Where(row => row.AccountId == message.AccountId).ToListAsync(cancellation);
        if (inForce is not null && rows.All(row => row.Id != inForce)) addresses.Insert(new RootEmail(inForce, message.AccountId));
        foreach (var row in rows)
        {
            if (row.Id == inForce) Put(row, null);
            else if (held.TryGetValue(row.Id, out var until)) Put(row, until);
            else if (row.HeldUntil > now) held[row.Id] = row.HeldUntil.Value;
            else addresses.Delete(row);
        }

        await addresses.SaveChangesAsync(cancellation);
        if (held.Count > 0) later.Delay(message, held.Values.Min() - now);
        return later;

        void Put(RootEmail row, DateTimeOffset? until)
        {
            if (row.HeldUntil != until) addresses.Store(row with { HeldUntil = until });
        }
    }

    private static async Task<Dictionary<string, DateTimeOffset>> HeldAsync(
        Account account,
        IQuerySession query,
        string accountId,
        Seals seals,
        DateTimeOffset now,
        ContactPolicy policy,
        CancellationToken cancellation)
    {
        var held = new Dictionary<string, DateTimeOffset>();
        foreach (var former in account.FormerContacts.Where(former => former.Email && now - former.ReplacedAt < policy.Undo))
        {
            if (await query.LoadAsync<SealedContact>(Seals.ContactId(former.Version), cancellation) is { } stored
                && seals.Open(accountId, stored).Email is { } email)
                held[RootEmail.IdOf(email)] = former.ReplacedAt + policy.Undo;
        }

        return held;
    }

    internal static string LockOf(string accountId) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"root e-mail of {accountId}")));
}
