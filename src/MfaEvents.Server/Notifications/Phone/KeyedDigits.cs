using System.ComponentModel.DataAnnotations;
using JasperFx;
using Marten;
using Microsoft.AspNetCore.Authorization;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Sealing;
using Wolverine.Http;

namespace MfaEvents.Server.Notifications.Phone;

public sealed record KeyedDigits([Digits] string Digits)
{
    public override string ToString() => "***";
}

[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DigitsAttribute : RegularExpressionAttribute
{
    public DigitsAttribute()
        : base("^[0-9]{1,32}$") => ErrorMessage = "{0} must be the digits that were keyed.";
}

/// <summary>Does what the digits of a call decide, at once: a request right after it sees it done.</summary>
public interface IAnsweredByPhone
{
    CallPurpose Purpose { get; }

    /// <summary>
    /// Takes what was keyed. Whether the call is still open, late or has had its wrong digits is for the subject to decide, under
    /// its own lock.
    /// </summary>
    /// <param name="answer">What was keyed into which call, to be taken in the transaction of what it does.</param>
    /// <param name="http">The gateway's request.</param>
    /// <param name="now">The time.</param>
    Task AnsweredAsync(PhoneAnswer answer, HttpContext http, DateTimeOffset now);
}

/// <summary>What the gateway says that somebody keyed.</summary>
/// <param name="Call">The call.</param>
/// <param name="IsRight">Whether the digits are those that the page shows.</param>
/// <param name="Taken">That this was taken.</param>
public sealed record PhoneAnswer(PhoneCall Call, bool IsRight, TakenAnswer Taken)
{
    /// <summary>
    /// Notes in the transaction of what it does that it was taken. Sent again, because a node died before it could say so, it does
    /// nothing twice: the second transaction fails.
    /// </summary>
    public void TakeIn(IDocumentSession session) => session.Insert(Taken);
}

/// <summary>Takes what was keyed from the gateway, and from nobody else.</summary>
public sealed class PhoneAnswers(
    IDirectoryStore directory, TelephonySecret secret, Seals seals, MfaMetrics metrics, IEnumerable<IAnsweredByPhone> rooms)
{
    /// <param name="callId">The call.</param>
    /// <param name="digits">What was keyed.</param>
    /// <param name="body">The request's body to the byte, which is what is signed.</param>
    /// <param name="signature">The header <c>Telephony-Signature</c>.</param>
    /// <param name="http">The request.</param>
    /// <param name="now">The time.</param>
    public async Task<Answer> TakeAsync(
        string callId, string digits, byte[] body, string? signature, HttpContext http, DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        var id = Uuid.Parse(callId) ?? Guid.Empty;
        if (secret.Value is not { } key
            || TelephonySignature.Parse(signature) is not { } signed
            || !signed.Fits(key, body, now)
            || !await ServesAsync(signed, id, now, cancellation))
            return Refused();

        await using var session = directory.QuerySession();
        if (await session.LoadAsync<PhoneCall>(id, cancellation) is not { } call) return Problems.NotFound;
        try
        {
            var answer = new PhoneAnswer(call, call.Shows(digits, seals), new TakenAnswer(signed.SeenId(), now));
            await rooms.Single(room => room.Purpose == call.Purpose).AnsweredAsync(answer, http, now);
        }
        catch (DocumentAlreadyExistsException)
        {
            return Refused();
        }

        metrics.CountCallback("accepted");
        return Answer.NoContent;
    }

    private Answer Refused()
    {
        metrics.CountCallback("refused");
        return Problems.InvalidProof;
    }

    // A signature covers no call: it serves the first that it came for, and no other. Once it did what it was sent for, it does not
    // serve that one either; but that is noted with what it does.
    private async Task<bool> ServesAsync(
        TelephonySignature signature, Guid callId, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var session = directory.LightweightSession();
        try
        {
            session.Insert(new SeenSignature(signature.SeenId(), now, callId));
            await session.SaveChangesAsync(cancellation);
            return true;
        }
        catch (DocumentAlreadyExistsException)
        {
            await using var query = directory.QuerySession();
            return (await query.LoadAsync<SeenSignature>(signature.SeenId(), cancellation))?.CallId == callId;
        }
    }
}

/// <summary>
/// Takes what somebody keyed into the phone. The telephony gateway signs it; that it was delivered is 204, whether the digits
/// were right or wrong.
/// </summary>
public static class KeyedDigitsEndpoint
{
    [WolverinePost(Routes.Call + "/digits"), NotTenanted, AllowAnonymous]
    [TakesHeader(
        TelephonySignature.Header, "t={unix seconds},v1={hex HMAC-SHA256(secret, t + \".\" + body)}, five minutes, once.")]
    [Answers(204), Refuses(403, "invalid-proof")]
    public static Task<Answer> Post(
        KeyedDigits command, string callId, HttpContext http, PhoneAnswers answers, DateTimeOffset now) =>
        answers.TakeAsync(
            callId,
            command.Digits,
            ((MemoryStream)http.Request.Body).ToArray(),
            http.Request.Headers[TelephonySignature.Header] is [{ } signature] ? signature : null,
            http,
            now);
}
