using Marten;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Notifications.Notices;

namespace MfaEvents.Server.Notifications;

/// <summary>
/// Sent every hour: links whose time is over are deleted, marks that decide nothing any more, and addresses that were held for an
/// account that did not take them.
/// </summary>
public sealed record ForgetLinks(DateTimeOffset Due);

public static class ForgetLinksHandler
{
    public static async Task Handle(
        ForgetLinks message,
        IDocumentStore accounts,
        IDirectoryStore directory,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var over = now - TimeSpan.FromDays(1);
        await using var session = accounts.LightweightSession();
        session.DeleteWhere<OpenLink>(link => link.AnyTenant() && link.ExpiresAt <= now);
        session.DeleteWhere<NoticeMark>(mark => mark.AnyTenant() && mark.At <= over);
        await session.SaveChangesAsync(cancellation);

        await using var addresses = directory.LightweightSession();
        addresses.DeleteWhere<RootEmail>(email => email.HeldUntil <= now);
        await addresses.SaveChangesAsync(cancellation);
    }
}
