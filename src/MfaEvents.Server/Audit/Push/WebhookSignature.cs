using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MfaEvents.Server.Audit.Push;

/// <summary>
/// How a post is signed (Standard Webhooks 1.0, symmetric): <c>v1,{base64 HMAC-SHA256(secret, id + "." + unix seconds + "." + body)}</c>.
/// </summary>
public static class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    public static void Sign(HttpRequestMessage request, byte[] key, string id, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var at = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var mac = HMACSHA256.HashData(key, (byte[])[.. Encoding.UTF8.GetBytes($"{id}.{at}."), .. body]);
        request.Headers.Add(IdHeader, id);
        request.Headers.Add(TimestampHeader, at);
        request.Headers.Add(SignatureHeader, $"v1,{Convert.ToBase64String(mac)}");
    }
}
