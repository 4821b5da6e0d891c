using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MfaEvents.Server.Notifications.Phone;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>The telephone network of a host: what was placed lies in its outbox, and what is keyed is signed as a gateway signs.</summary>
public static class Telephone
{
    private static int keyed;

    /// <summary>The call as it lies in the outbox; waits for it.</summary>
    public static async Task<JsonElement> PlacedCall(this MfaHost host, Guid callId)
    {
        var file = Path.Combine(host.DataDirectory, "outbox", $"{callId}.json");
        await Scenarios.Eventually(() => Task.FromResult(File.Exists(file)), $"the call {callId} is placed");
        return JsonElement.Parse(await File.ReadAllTextAsync(file));
    }

    /// <summary>A body that no other test sends, so that its signature is new.</summary>
    public static string Keyed(string digits) => JsonSerializer.Serialize(new { digits, keyed = Interlocked.Increment(ref keyed) });

    /// <summary>Counted apart from the product.</summary>
    public static string Sign(this MfaHost host, string body, DateTimeOffset at)
    {
        var secret = host.Services.GetRequiredService<TelephonySecret>().Value!;
        var t = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var mac = HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{t}.{body}"));
        return $"t={t},v1={Convert.ToHexStringLower(mac)}";
    }

    /// <summary>Somebody keys digits into the phone, at the account's time.</summary>
    public static Task<Reply> KeyDigits(this OpenAccount account, Guid callId, string digits)
    {
        var body = Keyed(digits);
        return account.Host.CallBack(callId, body, account.Host.Sign(body, account.Time.Now), account.Time);
    }

    /// <summary>What the gateway sends.</summary>
    public static async Task<Reply> CallBack(this MfaHost host, Guid callId, string body, string? signature, Moment? time = null)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var gateway = host.Nobody() with { TelephonySignature = signature, Time = time, Address = "192.0.2.50", UserAgent = "gateway/1.0" };
        return await gateway.Send(HttpMethod.Post, $"/telephony/calls/{callId}/digits", content);
    }

    /// <summary>Digits that are not these.</summary>
    public static string Wrong(string digits) => digits == "000000" ? "000001" : "000000";
}
