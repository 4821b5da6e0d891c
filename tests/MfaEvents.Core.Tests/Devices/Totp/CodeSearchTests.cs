using CsCheck;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using static MfaEvents.Core.Tests.Devices.Authenticator;

namespace MfaEvents.Core.Tests.Devices.Totp;

public sealed class CodeSearchTests
{
    private static readonly DevicePolicy Policy = new();

    private static readonly MfaDevice Device = new()
    {
        DeviceId = Phone.Id,
        Name = Phone.Name,
        Type = DeviceType.Virtual,
        Status = DeviceStatus.Active,
        AssignedAt = DateTimeOffset.UnixEpoch,
    };

    // The search has an HMAC of its own for speed, and Otp.NET shows the codes.
    [Fact]
    public void The_search_finds_at_each_step_the_code_that_is_shown_then() =>
        Gen.Select(Gen.Byte.Array[16, 80], Gen.Long[200, 8_000_000_000]).Sample((bytes, current) =>
        {
            var key = new SecretKey(bytes);
            var now = DateTimeOffset.FromUnixTimeSeconds(current * TimeStep.Seconds);
            for (var step = current - Policy.SearchWindow; step <= current + Policy.SearchWindow; step++)
            {
                // An earlier step of the search may happen to show the same six digits: it is found instead.
                var code = TotpCode.At(key, step);
                var found = TotpCode.Find(key, code, Device, now, Policy).Step.ShouldNotBeNull();
                (found == step || TotpCode.At(key, found) == code).ShouldBeTrue();
            }
        }, iter: 20);

    [Fact]
    public void The_search_finds_a_code_nowhere_that_no_step_shows() =>
        Gen.Select(Gen.Byte.Array[SecretKey.Length], Gen.Long[200, 8_000_000_000], Gen.Int[0, 999_999]).Sample((bytes, current, number) =>
        {
            var key = new SecretKey(bytes);
            var code = number.ToString("D6", System.Globalization.CultureInfo.InvariantCulture);
            var now = DateTimeOffset.FromUnixTimeSeconds(current * TimeStep.Seconds);
            var isShown = Enumerable.Range(-Policy.SearchWindow, 2 * Policy.SearchWindow + 1).Any(offset => TotpCode.At(key, current + offset) == code);
            (TotpCode.Find(key, code, Device, now, Policy).Place != CodePlace.Nowhere).ShouldBe(isShown);
        }, iter: 20);
}
