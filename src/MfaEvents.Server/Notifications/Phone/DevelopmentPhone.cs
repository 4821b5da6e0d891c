using System.Text.Json;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Notifications.Phone;

/// <summary>What stands in for a person at a phone, in Development only.</summary>
public static class DevelopmentPhone
{
    /// <summary>
    /// <c>POST /development/calls/{callId}/digits</c> keys digits into a call: they are signed here as a gateway would, and go
    /// through the same callback.
    /// </summary>
    public static void MapDevelopmentPhone(this WebApplication app) =>
        app.MapPost("/development/calls/{callId}/digits", KeyAsync)
            .AllowAnonymous()
            .ExcludeFromDescription()
            .WithMetadata(new RequestBodyMetadata(typeof(KeyedDigits)));

    /// <summary>
    /// The body of a gateway that keys digits. Each is another one, so that the same digits can be keyed twice in a second.
    /// </summary>
    public static byte[] BodyOf(string digits) =>
        JsonSerializer.SerializeToUtf8Bytes(new { digits, keyed = Guid.NewGuid() }, Json.Options);

    private static async Task<IResult> KeyAsync(
        string callId, HttpContext http, PhoneAnswers answers, TelephonySecret secret, TimeProvider clock)
    {
        var command = (await JsonSerializer.DeserializeAsync<KeyedDigits>(http.Request.Body, Json.Options, http.RequestAborted))!;
        var (now, body) = (clock.GetUtcNow(), BodyOf(command.Digits));
        var signature = TelephonySignature.Make(secret.Value!, body, now).Text();
        return await answers.TakeAsync(callId, command.Digits, body, signature, http, now);
    }
}
