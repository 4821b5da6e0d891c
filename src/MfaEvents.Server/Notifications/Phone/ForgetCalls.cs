using Marten;
using MfaEvents.Server.Accounts;

namespace MfaEvents.Server.Notifications.Phone;

/// <summary>Sent every hour: calls that are long over, and signatures that are too old to serve again, are deleted.</summary>
public sealed record ForgetCalls(DateTimeOffset Due);

public static class ForgetCallsHandler
{
    /// <summary>For so long a late answer finds its call, and is recorded.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(24);

    public static async Task Handle(
        ForgetCalls message, IDirectoryStore directory, IDocumentStore accounts, TimeProvider clock, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var (over, old) = (now - Remembered, now - TelephonySignature.Lifetime * 3);
        await using var session = directory.LightweightSession();
        session.DeleteWhere<PhoneCall>(call => call.ExpiresAt <= over);
        session.DeleteWhere<SeenSignature>(seen => seen.SeenAt <= old);
        await session.SaveChangesAsync(cancellation);

        await using var answers = accounts.LightweightSession();
        answers.DeleteWhere<TakenAnswer>(taken => taken.AnyTenant() && taken.TakenAt <= old);
        await answers.SaveChangesAsync(cancellation);
    }
}
