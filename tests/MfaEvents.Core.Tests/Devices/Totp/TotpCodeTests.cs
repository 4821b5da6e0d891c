using System.Text;
using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.Core.Tests.Devices.Totp;

public sealed class TotpCodeTests
{
    // Both RFCs: the ASCII text "12345678901234567890" is the shared secret (SHA-1).
    private static readonly SecretKey Key = new(Encoding.ASCII.GetBytes("12345678901234567890"));

    /// <summary>RFC 4226, appendix D: count, HOTP value.</summary>
    public static TheoryData<long, string> Rfc4226AppendixD => new()
    {
        { 0, "755224" },
        { 1, "287082" },
        { 2, "359152" },
        { 3, "969429" },
        { 4, "338314" },
        { 5, "254676" },
        { 6, "287922" },
        { 7, "162583" },
        { 8, "399871" },
        { 9, "520489" },
    };

    /// <summary>RFC 6238, appendix B, mode SHA1: time in Unix seconds, value of T, TOTP (eight digits).</summary>
    public static TheoryData<long, long, string> Rfc6238AppendixB => new()
    {
        { 59, 0x1, "94287082" },
        { 1111111109, 0x23523EC, "07081804" },
        { 1111111111, 0x23523ED, "14050471" },
        { 1234567890, 0x273EF07, "89005924" },
        { 2000000000, 0x3F940AA, "69279037" },
        { 20000000000, 0x27BC86AA, "65353130" },
    };

    [Theory]
    [MemberData(nameof(Rfc4226AppendixD))]
    public void A_step_shows_the_code_of_RFC_4226(long count, string hotp) => TotpCode.At(Key, count).ShouldBe(hotp);

    // RFC 4226 5.3: the code is the truncated number modulo 10^digits, so six digits are the last six of eight.
    [Theory]
    [MemberData(nameof(Rfc6238AppendixB))]
    public void An_instant_shows_the_code_of_RFC_6238(long seconds, long t, string totp)
    {
        var step = TimeStep.At(DateTimeOffset.FromUnixTimeSeconds(seconds));
        step.ShouldBe(t);
        TotpCode.At(Key, step).ShouldBe(totp[^TotpCode.Digits..]);
    }
}
