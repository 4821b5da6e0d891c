using System.Text.Json;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using QRCoder;

namespace MfaEvents.Server.Devices;

/// <summary>A newly assigned device with its secret, which is shown this once.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="SerialNumber">Its ARN.</param>
/// <param name="SecretKey">64 base32 characters, for typing in.</param>
/// <param name="KeyUri">The otpauth URI inside the QR code.</param>
/// <param name="QrCodePng">The QR code as a PNG, base64.</param>
/// <param name="QrCodeSvg">The QR code as an SVG.</param>
public sealed record AssignedDevice(
    Guid DeviceId, string SerialNumber, string SecretKey, string KeyUri, string QrCodePng, string QrCodeSvg)
{
    private const int PixelsPerModule = 8;

    public static AssignedDevice Of(string accountId, Guid deviceId, string deviceName, SecretKey key, string issuer)
    {
        var uri = Core.Devices.Totp.KeyUri.For(key, issuer, deviceName, accountId);
        using var qr = QRCodeGenerator.GenerateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var png = new PngByteQRCode(qr);
        using var svg = new SvgQRCode(qr);
        return new AssignedDevice(
            deviceId,
            Arn.OfVirtualDevice(accountId, deviceName),
            key.ToBase32(),
            uri,
            Convert.ToBase64String(png.GetGraphic(PixelsPerModule)),
            svg.GetGraphic(PixelsPerModule));
    }

    public override string ToString() => $"device {DeviceId}";
}

/// <summary>
/// What a repeated request is told once the device is no longer pending: its secret was shown and is not shown again.
/// </summary>
public sealed record AssignedDeviceWithoutSecret(Guid DeviceId, string SerialNumber);

/// <summary>Shows the secret again, from its seal, only while the device is pending.</summary>
public sealed class DeviceSecretAgain(Seals seals, MfaEventsSettings settings) : IShowAgain
{
    public SecretKind Kind => SecretKind.Device;

    public async Task<object?> AgainAsync(
        Guid id, JsonElement remembered, Target target, IDocumentSession session, CancellationToken cancellation)
    {
        var (accountId, principal) = (target.AccountId!, target.Principal!);
        var device = (await session.LoadAsync<PrincipalMfa>(principal, cancellation))?.Device(id);
        if (device is not { Status: DeviceStatus.Pending }) return null;
        if (await session.LoadAsync<SealedSeed>(id, cancellation) is not { } seed) return null;

        // Called as it was called then, also when it was renamed since.
        var first = remembered.Deserialize<AssignedDeviceWithoutSecret>(Json.Options)!;
        var name = first.SerialNumber[Arn.OfVirtualDevice(accountId, "").Length..];
        return AssignedDevice.Of(accountId, id, name, seals.Open(accountId, principal, seed), settings.Issuer);
    }
}
