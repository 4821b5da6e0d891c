using Marten;
using MfaEvents.Server.Accounts;

namespace MfaEvents.Server.Http;

/// <summary>Sent every hour: answers whose time is over are deleted, in every account and in the directory.</summary>
public sealed record ForgetAnswers(DateTimeOffset Due);

public static class ForgetAnswersHandler
{
    public static async Task Handle(
        ForgetAnswers message,
        IDocumentStore accounts,
        IDirectoryStore directory,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        foreach (var store in (IDocumentStore[])[accounts, directory])
        {
            await using var session = store.LightweightSession();
            session.DeleteWhere<RememberedAnswer>(answer => answer.AnyTenant() && answer.ExpiresAt <= now);
            await session.SaveChangesAsync(cancellation);
        }
    }
}
