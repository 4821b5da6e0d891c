using System.Security.Cryptography;
using System.Text;
using CsCheck;
using MfaEvents.Core.Audit;

namespace MfaEvents.Core.Tests.Audit;

public sealed class CommitmentTests
{
    private static readonly string Salt = Convert.ToBase64String("sixteen bytes 16"u8);

    private static readonly Gen<string?> Value = Gen.Select(Gen.Bool, Gen.String, (isThere, text) => isThere && !text.Any(char.IsSurrogate) ? text : null);

    private static readonly Gen<string> AnySalt = Gen.Byte.Array[Commitment.SaltLength].Select(Convert.ToBase64String);

    [Theory]
    [InlineData(null, "null")]
    [InlineData("203.0.113.7", "\"203.0.113.7\"")]
    [InlineData("a \"b\" \\ +", "\"a \\\"b\\\" \\\\ +\"")]
    [InlineData("", "\"\"")]
    public void A_digest_is_SHA_256_over_the_salt_and_the_value_as_JSON(string? value, string json) =>
        Commitment.To(new Committed(Salt, value)).ShouldBe(Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes("sixteen bytes 16" + json))));

    [Fact]
    public void Values_that_go_together_are_one_array() =>
        Commitment.To(new Committed(Salt, "a", null)).ShouldBe(Convert.ToBase64String(SHA256.HashData("sixteen bytes 16[\"a\",null]"u8)));

    [Fact]
    public void Each_field_is_held_at_its_own_place_whatever_became_of_the_others() => Gen.Select(AnySalt, AnySalt, Value, Value).Sample(
        (salt1, salt2, value1, value2) =>
        {
            var (one, other) = (new Committed(salt1, value1), new Committed(salt2, value2));
            var commitment = Commitment.To(one, other);
            Commitment.Holds(commitment, 0, one).ShouldBeTrue();
            Commitment.Holds(commitment, 1, other).ShouldBeTrue();
            Commitment.Holds(commitment, 2, other).ShouldBeFalse();
            Commitment.Holds(commitment, 0, new Committed(salt1, value1 + "x")).ShouldBeFalse();
            Commitment.Holds(commitment, 0, new Committed(salt1, value1, null)).ShouldBeFalse();
            if (salt1 != salt2) Commitment.Holds(commitment, 0, new Committed(salt2, value1)).ShouldBeFalse();
        });

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("not base64")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void A_salt_that_is_none_holds_nothing(string salt) =>
        Commitment.Holds(Commitment.To(new Committed(Salt, "a")), 0, new Committed(salt, "a")).ShouldBeFalse();

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("not base64")]
    public void What_is_no_commitment_holds_nothing(string commitment) => Commitment.Holds(commitment, 0, new Committed(Salt, "a")).ShouldBeFalse();
}
