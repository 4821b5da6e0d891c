using System.Text.Json;
using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.Core.Tests.Devices.Totp;

public sealed class SecretKeyTests
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(100, SecretKey.Length).Select(n => (byte)n)];

    private static readonly SecretKey Key = new(Bytes);

    // RFC 4648 base32: five bits a character, so 320 bits are 64 characters and need no padding.
    [Fact]
    public void Forty_bytes_are_sixty_four_base32_characters() => Key.ToBase32().ShouldMatch("^[A-Z2-7]{64}$");

    [Fact]
    public void Base32_is_never_padded() => new SecretKey(Bytes[..16]).ToBase32().ShouldMatch("^[A-Z2-7]{26}$");

    // RFC 4226 4, R6: the shared secret is at least 128 bits.
    [Fact]
    public void A_key_has_at_least_128_bits() => Should.Throw<ArgumentException>(() => new SecretKey(Bytes[..15]));

    [Fact]
    public void It_prints_as_three_stars_wherever_it_is_printed()
    {
        Key.ToString().ShouldBe("***");
        $"the key {Key}".ShouldBe("the key ***");
        string.Concat("the key ", Key).ShouldBe("the key ***");
        new Holder("phone", Key).ToString().ShouldBe("Holder { Name = phone, Key = *** }");
    }

    [Fact]
    public void It_does_not_serialize_its_bytes()
    {
        var everything = new JsonSerializerOptions(JsonSerializerDefaults.Web) { IncludeFields = true };
        foreach (var options in new[] { JsonSerializerOptions.Default, JsonSerializerOptions.Web, everything })
        {
            JsonSerializer.Serialize(Key, options).ShouldBe("{}");
            JsonSerializer.Serialize<object>(new Holder("phone", Key), options).ShouldEndWith("{}}");
        }
    }

    [Fact]
    public void Its_hash_tells_nothing_of_its_bytes() =>
        Key.GetHashCode().ShouldBe(new SecretKey([.. Bytes.Reverse()]).GetHashCode());

    [Fact]
    public void Keys_of_the_same_bytes_are_equal()
    {
        Key.ShouldBe(new SecretKey([.. Bytes]));
        (Key == new SecretKey([.. Bytes.Reverse()])).ShouldBeFalse();
    }

    private sealed record Holder(string Name, SecretKey Key);
}
