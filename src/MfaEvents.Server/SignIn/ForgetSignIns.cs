using Marten;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.SignIn;

/// <summary>Sent every hour: sign-ins, sessions and rows of wrong passwords whose time is over are deleted.</summary>
public sealed record ForgetSignIns(DateTimeOffset Due);

public static class ForgetSignInsHandler
{
    public static async Task Handle(
        ForgetSignIns message,
        IDocumentStore accounts,
        IDirectoryStore directory,
        MfaEventsSettings settings,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var over = now - settings.SignIn.SessionLifetime;
        await using var session = accounts.LightweightSession();
        session.DeleteWhere<SignInChallenge>(challenge => challenge.AnyTenant() && challenge.ExpiresAt <= now);
        session.DeleteWhere<Session>(one => one.AnyTenant() && one.StartedAt <= over);
        session.DeleteWhere<SessionUse>(use => use.AnyTenant() && use.LastUsedAt <= over);
        await session.SaveChangesAsync(cancellation);

        var forgotten = now - PasswordAttempts.Forgotten;
        await using var attempts = directory.LightweightSession();
        attempts.DeleteWhere<PasswordFailures>(failures => failures.LastAt <= forgotten);
        await attempts.SaveChangesAsync(cancellation);
    }
}
