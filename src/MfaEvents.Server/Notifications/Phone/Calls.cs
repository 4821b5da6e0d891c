using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Marten;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Notifications.Phone;

/// <summary>Which number of a version of the contact information is called.</summary>
public enum PhoneNumberKind
{
    OnFile,

    Pending,
}

/// <summary>A call that can be placed: its digits, for the page, and the message that places it.</summary>
public sealed record PreparedCall(Guid CallId, string Digits, DateTimeOffset ExpiresAt, PlaceCall Message)
{
    public override string ToString() => $"call {CallId}";
}

/// <summary>Prepares calls.</summary>
public sealed class Calls(IDirectoryStore directory, Seals seals, MfaEventsSettings settings)
{
    /// <summary>
    /// Draws the digits and writes the call into the directory. It is placed by the <see cref="PreparedCall.Message"/>, which
    /// belongs into the transaction of the caller's own event; a call that is never placed is harmless, and forgotten.
    /// </summary>
    /// <remarks>It takes a connection of its own: best before any lock.</remarks>
    /// <param name="accountId">The account whose number is called.</param>
    /// <param name="purpose">What for.</param>
    /// <param name="subject">The stream of what it proves something for.</param>
    /// <param name="contactVersion">The version of the contact information that holds the number.</param>
    /// <param name="number">Which number of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="askedIn">The session of our own that it ends with.</param>
    public async Task<PreparedCall> PrepareAsync(
        string accountId,
        CallPurpose purpose,
        string subject,
        int contactVersion,
        PhoneNumberKind number,
        DateTimeOffset now,
        CancellationToken cancellation,
        Guid? askedIn = null)
    {
        var (id, digits) = (Guid.CreateVersion7(now), PhoneCall.DrawDigits());
        var expiresAt = now + settings.Telephony.DigitsLifetime;
        var sealedDigits = seals.Seal(PhoneCall.SealPurpose(id.ToString()), Encoding.ASCII.GetBytes(digits));

        await using var session = directory.LightweightSession();
        session.Insert(new PhoneCall(id, accountId, purpose, subject, sealedDigits, expiresAt) { AskedIn = askedIn });
        await session.SaveChangesAsync(cancellation);
        return new PreparedCall(id, digits, expiresAt, new PlaceCall(id, accountId, purpose, contactVersion, number, expiresAt));
    }
}

/// <summary>Shows the digits of a call again, from their seal, until they are worth nothing.</summary>
public sealed class CallDigitsAgain(IDirectoryStore directory, Seals seals, TimeProvider clock) : IShowAgain
{
    public SecretKind Kind => SecretKind.Call;

    public async Task<object?> AgainAsync(
        Guid id, JsonElement remembered, Target target, IDocumentSession session, CancellationToken cancellation)
    {
        await using var calls = directory.QuerySession();
        if (await calls.LoadAsync<PhoneCall>(id, cancellation) is not { } call || call.ExpiresAt <= clock.GetUtcNow()) return null;
        var shown = JsonObject.Create(remembered)!;
        shown.Insert(1, "digits", Encoding.ASCII.GetString(seals.Open(PhoneCall.SealPurpose(id.ToString()), call.SealedDigits)));
        return shown;
    }
}
