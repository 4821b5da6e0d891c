using Marten;
using MfaEvents.Core.Recovery;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Recovery;

/// <summary>Sent with every recovery, delayed: one that is still open then is over.</summary>
public sealed record ExpireRecovery(string Stream);

public static class ExpireRecoveryHandler
{
    public static (Events, OutgoingMessages) Handle(
        ExpireRecovery message,
        [WriteModel(nameof(ExpireRecovery.Stream), LoadStyle = ModelConcurrencyStyle.Exclusive)] RootRecovery? state,
        DateTimeOffset now)
    {
        // One that waits for its completion lives longer than it was to.
        var again = new OutgoingMessages();
        if (state is { IsOpen: true } && now < state.ExpiresAt) again.Delay(message, state.ExpiresAt - now);
        return ([.. state?.Expire(now) ?? []], again);
    }
}

/// <summary>Sent every hour: keys and passwords that nobody needs any more are deleted.</summary>
public sealed record ForgetRecoveries(DateTimeOffset Due);

public static class ForgetRecoveriesHandler
{
    public static async Task Handle(
        ForgetRecoveries message, IDocumentStore accounts, TimeProvider clock, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        await using var session = accounts.LightweightSession();
        session.DeleteWhere<KeptRecoveryKey>(key => key.AnyTenant() && key.ForgottenAt <= now);
        session.DeleteWhere<PasswordBeforeRecovery>(password => password.AnyTenant() && password.ForgottenAt <= now);
        await session.SaveChangesAsync(cancellation);
    }
}
