using System.ComponentModel.DataAnnotations;
using JasperFx;
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
            || !signed.Fits(key, body, now)
            || !await IsNewAsync(signed, now, cancellation))
        {
            metrics.CountCallback("refused");
            return Problems.InvalidProof;
        }

        try
        {
            await using var session = directory.QuerySession();
            if (Uuid.Parse(callId) is not { } id || await session.LoadAsync<PhoneCall>(id, cancellation) is not { } call)
                return Problems.NotFound;
            await rooms.Single(room => room.Purpose == call.Purpose).AnsweredAsync(call, call.Shows(digits, seals), http, now);
        }
        catch
        {
            // It served for nothing: the gateway may send it again.
            await ForgetAsync(signed);
            throw;
        }

        metrics.CountCallback("accepted");
        return Answer.NoContent;
    }

    private async Task<bool> IsNewAsync(TelephonySignature signature, DateTimeOffset now, CancellationToken cancellation)
    {
        try
        {
            await using var session = directory.LightweightSession();
            session.Insert(new SeenSignature(signature.SeenId(), now));
            await session.SaveChangesAsync(cancellation);
            return true;
        }
        catch (DocumentAlreadyExistsException)
        {
            return false;
        }
    }

    private async Task ForgetAsync(TelephonySignature signature)
    {
        await using var session = directory.LightweightSession();
        session.Delete<SeenSignature>(signature.SeenId());
        await session.SaveChangesAsync(CancellationToken.None);
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
