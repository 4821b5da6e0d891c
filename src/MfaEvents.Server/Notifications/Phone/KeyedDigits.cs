using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
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
    /// <param name="answered">The call.</param>
    /// <param name="right">Whether the digits are those that the page shows.</param>
    /// <param name="http">The gateway's request.</param>
    /// <param name="now">The time.</param>
    Task AnsweredAsync(PhoneCall answered, bool right, HttpContext http, DateTimeOffset now);
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
        if (secret.Value is not { } key
            || TelephonySignature.Parse(signature) is not { } signed
            || !signed.Fits(key, body, now))
            return Refused();

        // A second delivery waits for the first, on whatever node. The signature has served once that is done, and not before: a
        // node that dies in between leaves it to the gateway's next attempt, and what is keyed twice decides once.
        await using var session = directory.LightweightSession();
        await session.HoldAsync(signed.SeenId(), cancellation);
        if (await session.LoadAsync<SeenSignature>(signed.SeenId(), cancellation) is not null) return Refused();
        if (Uuid.Parse(callId) is not { } id || await session.LoadAsync<PhoneCall>(id, cancellation) is not { } call)
            return Problems.NotFound;
        await rooms.Single(room => room.Purpose == call.Purpose).AnsweredAsync(call, call.Shows(digits, seals), http, now);
        session.Insert(new SeenSignature(signed.SeenId(), now));
        await session.SaveChangesAsync(CancellationToken.None);

        metrics.CountCallback("accepted");
        return Answer.NoContent;

        Answer Refused()
        {
            metrics.CountCallback("refused");
            return Problems.InvalidProof;
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
