using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using MfaEvents.Core.Audit;

namespace MfaEvents.Core.Tests.Audit;

public sealed class CanonicalJsonTests
{
    // RFC 8785, appendix B.
    [Theory]
    [InlineData("0000000000000000", "0"), InlineData("8000000000000000", "0"), InlineData("0000000000000001", "5e-324")]
    [InlineData("8000000000000001", "-5e-324"), InlineData("7fefffffffffffff", "1.7976931348623157e+308"), InlineData("ffefffffffffffff", "-1.7976931348623157e+308")]
    [InlineData("4340000000000000", "9007199254740992"), InlineData("c340000000000000", "-9007199254740992"), InlineData("4430000000000000", "295147905179352830000")]
    [InlineData("44b52d02c7e14af5", "9.999999999999997e+22"), InlineData("44b52d02c7e14af6", "1e+23"), InlineData("44b52d02c7e14af7", "1.0000000000000001e+23")]
    [InlineData("444b1ae4d6e2ef4e", "999999999999999700000"), InlineData("444b1ae4d6e2ef4f", "999999999999999900000"), InlineData("444b1ae4d6e2ef50", "1e+21")]
    [InlineData("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"), InlineData("3eb0c6f7a0b5ed8d", "0.000001"), InlineData("41b3de4355555553", "333333333.3333332")]
    [InlineData("41b3de4355555554", "333333333.33333325"), InlineData("41b3de4355555555", "333333333.3333333"), InlineData("41b3de4355555556", "333333333.3333334")]
    [InlineData("41b3de4355555557", "333333333.33333343"), InlineData("becbf647612f3696", "-0.0000033333333333333333"), InlineData("43143ff3c1cb0959", "1424953923781206.2")]
    public void Numbers_are_written_as_ECMAScript_writes_them(string bits, string written) =>
        Canonical(BitConverter.UInt64BitsToDouble(ulong.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString("R", CultureInfo.InvariantCulture))
            .ShouldBe(written);

    // RFC 8785, 3.2.2 and 3.2.3.
    [Fact]
    public void Members_are_ordered_by_UTF_16_and_texts_escaped_no_more_than_needed()
    {
        Canonical("""{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}""")
            .ShouldBe("{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"\u00f6\":\"Latin Small Letter O With Diaeresis\",\"\u20ac\":\"Euro Sign\",\"\ud83d\ude00\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}");
        Canonical("""{ "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false] }""")
            .ShouldBe("{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
    }

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}"), InlineData("1e999"), InlineData("{"), InlineData("1 2"), InlineData("")]
    public void What_has_no_canonical_form_is_refused(string json) => Should.Throw<FormatException>(() => Canonical(json));

    [Fact]
    public void It_says_the_same_as_before_and_says_it_once() => Gen.Select(Gen.Double, Gen.Long, Gen.String.Where(IsText), Gen.String.Where(IsText)).Sample((number, whole, name, text) =>
    {
        if (!double.IsFinite(number)) return;
        var json = JsonSerializer.Serialize(new Dictionary<string, object> { [name] = number, [name + "2"] = text, ["0" + name] = new object[] { whole, text } });
        var canonical = Canonical(json);
        Canonical(canonical).ShouldBe(canonical);
        var again = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(canonical)!;
        again[name].GetDouble().ShouldBe(number);
        again[name + "2"].GetString().ShouldBe(text);
    });

    private static bool IsText(string text) => !text.Any(char.IsSurrogate);

    private static string Canonical(string json)
    {
        var output = new ArrayBufferWriter<byte>();
        CanonicalJson.Write(output, Encoding.UTF8.GetBytes(json));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
