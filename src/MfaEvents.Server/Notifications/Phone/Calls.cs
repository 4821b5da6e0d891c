using System.Text;
using MfaEvents.Server.Accounts;
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
    /// <summary>What may be remembered of it.</summary>
    public CallWithoutDigits WithoutDigits => new(CallId, ExpiresAt);

    public override string ToString() => $"call {CallId}";
}

/// <summary>A call as a repeated request is told of it once it is over.</summary>
public sealed record CallWithoutDigits(Guid CallId, DateTimeOffset ExpiresAt);

/// <summary>A call as a repeated request is told of it while it is open.</summary>
public sealed record CallAgain(Guid CallId, string Digits, DateTimeOffset ExpiresAt)
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
    public async Task<PreparedCall> PrepareAsync(
        string accountId,
        CallPurpose purpose,
        string subject,
        int contactVersion,
        PhoneNumberKind number,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        var (id, digits) = (Guid.CreateVersion7(now), PhoneCall.DrawDigits());
        var expiresAt = now + settings.Telephony.DigitsLifetime;
        var sealedDigits = seals.Seal(PhoneCall.SealPurpose(id.ToString()), Encoding.ASCII.GetBytes(digits));

        await using var session = directory.LightweightSession();
        session.Insert(new PhoneCall(id, accountId, purpose, subject, sealedDigits, expiresAt));
        await session.SaveChangesAsync(cancellation);
        return new PreparedCall(id, digits, expiresAt, new PlaceCall(id, accountId, purpose, contactVersion, number, expiresAt));
    }

    /// <summary>The call with its digits for whoever was shown them; null once its time is over.</summary>
    public async Task<CallAgain?> AgainAsync(Guid callId, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var session = directory.QuerySession();
        return await session.LoadAsync<PhoneCall>(callId, cancellation) is { } call && now < call.ExpiresAt
            ? new CallAgain(call.Id, call.Digits(seals), call.ExpiresAt)
            : null;
    }
}
