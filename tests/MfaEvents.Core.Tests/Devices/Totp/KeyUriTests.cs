using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.Core.Tests.Devices.Totp;

public sealed class KeyUriTests
{
    private static readonly SecretKey Key = new([.. Enumerable.Range(0, SecretKey.Length).Select(n => (byte)n)]);

    // Base32 by `python3 -c "import base64; print(base64.b32encode(bytes(range(40))))"`.
    private const string Base32 = "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPSAIJCEMSCKJRH";

    [Fact]
    public void It_names_issuer_device_account_and_key_and_nothing_that_old_apps_would_not_read() =>
        KeyUri.For(Key, "MfaEvents", "phone", "123456789012")
            .ShouldBe($"otpauth://totp/MfaEvents:phone@123456789012?secret={Base32}&issuer=MfaEvents");

    [Fact]
    public void A_blank_is_percent_20_and_never_a_plus() =>
        KeyUri.For(Key, "Example Cloud", "my phone", "root account")
            .ShouldBe($"otpauth://totp/Example%20Cloud:my%20phone@root%20account?secret={Base32}&issuer=Example%20Cloud");

    [Fact]
    public void A_colon_within_a_part_becomes_a_blank() =>
        KeyUri.For(Key, "Example:Cloud", "user:phone", "a:b")
            .ShouldBe($"otpauth://totp/Example%20Cloud:user%20phone@a%20b?secret={Base32}&issuer=Example%20Cloud");

    [Fact]
    public void Whatever_else_a_device_name_may_hold_is_escaped() =>
        KeyUri.For(Key, "A&B?", "_+=,.@-", "123456789012")
            .ShouldBe($"otpauth://totp/A%26B%3F:_%2B%3D%2C.%40-@123456789012?secret={Base32}&issuer=A%26B%3F");
}
