using System.Text.Json;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Audit.Erasure;
using MfaEvents.Server.Sealing;
using Marten;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.SignIn;

/// <summary>
/// A wrong password, to be recorded in its principal's stream. It is sent for names that nobody has as well, so that a request
/// for one does the same work; then there is nothing to record. Where the attempt came from is sealed, because it waits in a
/// queue.
/// </summary>
public sealed record RecordSignInRefused(
    string Principal, int ConsecutiveFailures, int WaitSeconds, string AccountId, DateTimeOffset RequestedAt, string Sealed)
{
    private const string Purpose = "sign-in-refused";

    public static RecordSignInRefused Of(NamedPrincipal? who, FailuresInARow failures, Origin origin, DateTimeOffset now, Seals seals) =>
        new(who?.Principal ?? Credentials.NoUser,
            failures.Count,
            failures.Wait?.Seconds ?? 0,
            who?.AccountId ?? Credentials.NoAccount,
            now,
            seals.Seal(Purpose, JsonSerializer.SerializeToUtf8Bytes(origin)));

    public Origin Origin(Seals seals) => JsonSerializer.Deserialize<Origin>(seals.Open(Purpose, Sealed))!;

    /// <summary>The same under the key that is active now.</summary>
    public static string Anew(string sealedOrigin, Seals seals) => seals.Anew(sealedOrigin, Purpose);
}

public static class RecordSignInRefusedHandler
{
    public static async Task<Events> Handle(
        RecordSignInRefused message,
        [WriteModel(nameof(RecordSignInRefused.Principal), LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa? state,
        IDocumentSession session,
        Seals seals,
        CancellationToken cancellation)
    {
        if (state is null) return [];
        (await session.LeaveErasedAsync(message.Origin(seals), message.RequestedAt, cancellation)).Stamp(session);
        return message.WaitSeconds == 0
            ? [new SignInRefused(Factor.Password, null)]
            :
            [
                new SignInRefused(Factor.Password, null),
                new PasswordAttemptsThrottled(message.ConsecutiveFailures, message.WaitSeconds),
            ];
    }
}
