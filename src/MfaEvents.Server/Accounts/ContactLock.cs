using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;

namespace MfaEvents.Server.Accounts;

/// <summary>Asks, under root's lock, whether the contact information is locked.</summary>
public static class ContactLock
{
    /// <summary>
    /// Whether a recovery or a removal keeps the contact from changing. Both are written under root's lock, which the session has
    /// from here on: none slips in before its commit. The account's lock comes after it.
    /// </summary>
    public static async Task<bool> IsContactLockedAsync(
        this IDocumentSession session, DateTimeOffset now, ContactPolicy policy, CancellationToken cancellation)
    {
        var root = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(Principal.Root, cancellation);
        return root.Aggregate?.IsContactLocked(now, policy) != false;
    }
}
