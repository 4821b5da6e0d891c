using Marten;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Notifications.Phone;

/// <summary>
/// Places a prepared call. It holds neither number nor digits: the number is opened from its seal when the call is placed, and
/// the digits are on the page of whoever asked for it.
/// </summary>
public sealed record PlaceCall(
    Guid CallId,
    string AccountId,
    CallPurpose Purpose,
    int ContactVersion,
    PhoneNumberKind Number,
    DateTimeOffset ExpiresAt);

public static class PlaceCallHandler
{
    /// <summary>
    /// At least once: a gateway tells a repetition by the call's id. A call that comes too late rings nobody.
    /// </summary>
    public static async Task Handle(
        PlaceCall message,
        IDocumentStore accounts,
        ITelephony telephony,
        Seals seals,
        MfaEventsSettings settings,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        if (clock.GetUtcNow() >= message.ExpiresAt) return;

        await using var session = accounts.QuerySession(message.AccountId);
        var contact = await session.LoadAsync<SealedContact>(Seals.ContactId(message.ContactVersion), cancellation);

        // Erased, or withdrawn meanwhile: there is nobody to call.
        if (contact is null) return;
        var opened = seals.Open(message.AccountId, contact);
        if ((message.Number == PhoneNumberKind.OnFile ? opened.Phone : opened.PendingPhone) is not { } number) return;

        await telephony.PlaceAsync(
            new CallOrder(message.CallId, number, Say(message.Purpose, settings.Issuer), PhoneCall.DigitCount), cancellation);
    }

    private static string Say(CallPurpose purpose, string product) => purpose switch
    {
        CallPurpose.Recovery =>
            $"This is {product}. Somebody asks for a way back into your account without its device. If that is you, key in the "
            + "six digits that the page shows now. If it is not you, hang up, and change your password: somebody has it.",
        CallPurpose.Contact =>
            $"This is {product}. Somebody enters this number as the contact of an account. If that is you, key in the six digits "
            + "that the page shows now. If it is not you, hang up.",
        CallPurpose.CaseEvidence =>
            $"This is {product}. If you are talking with our support desk now, key in the six digits that the agent reads out to "
            + "you. If you are not, hang up: somebody speaks in your name.",
        _ => throw new ArgumentOutOfRangeException(nameof(purpose)),
    };
}
