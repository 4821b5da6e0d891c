namespace MfaEvents.Core.Devices.Totp;

/// <summary>The <c>otpauth://</c> text behind the QR code that an authenticator app scans.</summary>
public static class KeyUri
{
    /// <summary><c>otpauth://totp/ISSUER:DEVICE@ACCOUNT?secret=BASE32&amp;issuer=ISSUER</c></summary>
    /// <remarks>
    /// Blanks are %20, never +; algorithm, digits and period are left out because old apps ignore them and SHA1, 6 and 30 are
    /// what every app assumes. A colon inside a part would end the issuer early, so it becomes a blank.
    /// </remarks>
    public static string For(SecretKey key, string issuer, string deviceName, string account)
    {
        return $"otpauth://totp/{Part(issuer)}:{Part(deviceName)}@{Part(account)}?secret={key.ToBase32()}&issuer={Part(issuer)}";
    }

    private static string Part(string text) => Uri.EscapeDataString(text.Replace(':', ' '));
}
