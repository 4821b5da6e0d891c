using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MfaEvents.Core.Audit;

/// <summary>The JSON Canonicalization Scheme, RFC 8785: one sequence of bytes for one value.</summary>
public static class CanonicalJson
{
    /// <summary>Whole numbers up to this are exact in the numbers of ECMAScript, which the scheme writes: 2^53 - 1.</summary>
    private const long MostExact = 9_007_199_254_740_991;

    // A number of ECMAScript is written without an exponent from 1e-6 until 1e21 (ECMA-262, Number::toString).
    private const int LongestWhole = 21;
    private const int MostLeadingZeros = 6;

    /// <summary>Writes a JSON text canonically.</summary>
    /// <exception cref="FormatException">It is no JSON, or an object has a member twice, or a number is too large.</exception>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            WriteValue(output, ref reader);
            if (reader.Read()) throw new FormatException("Something follows the value.");
        }
        catch (JsonException exception)
        {
            throw new FormatException("This is no JSON.", exception);
        }
    }

    /// <summary>Writes a text, or null.</summary>
    public static void WriteText(IBufferWriter<byte> output, string? text)
    {
        if (text is null)
        {
            output.Write("null"u8);
            return;
        }

        output.Write("\""u8);
        var plain = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is >= ' ' and not ('"' or '\\')) continue;
            WriteUtf8(output, text.AsSpan(plain, i - plain));
            WriteEscaped(output, text[i]);
            plain = i + 1;
        }

        WriteUtf8(output, text.AsSpan(plain));
        output.Write("\""u8);
    }

    /// <summary>Writes a whole number.</summary>
    public static void WriteWhole(IBufferWriter<byte> output, long number)
    {
        var span = output.GetSpan(20);
        number.TryFormat(span, out var written, provider: CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    private static void WriteValue(IBufferWriter<byte> output, ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                WriteObject(output, ref reader);
                break;
            case JsonTokenType.StartArray:
                WriteArray(output, ref reader);
                break;
            case JsonTokenType.String:
                WriteText(output, reader.GetString());
                break;
            case JsonTokenType.Number:
                WriteNumber(output, ref reader);
                break;
            default:
                output.Write(reader.ValueSpan);
                break;
        }
    }

    // 3.2.3: members in the order of their names' UTF-16 code units.
    private static void WriteObject(IBufferWriter<byte> output, ref Utf8JsonReader reader)
    {
        var members = new List<(string Name, ReadOnlyMemory<byte> Value)>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            var value = new ArrayBufferWriter<byte>(64);
            WriteValue(value, ref reader);
            members.Add((name, value.WrittenMemory));
        }

        members.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        output.Write("{"u8);
        for (var i = 0; i < members.Count; i++)
        {
            if (i > 0)
            {
                if (members[i].Name == members[i - 1].Name) throw new FormatException("An object has a member twice.");
                output.Write(","u8);
            }

            WriteText(output, members[i].Name);
            output.Write(":"u8);
            output.Write(members[i].Value.Span);
        }

        output.Write("}"u8);
    }

    private static void WriteArray(IBufferWriter<byte> output, ref Utf8JsonReader reader)
    {
        output.Write("["u8);
        for (var first = true; reader.Read() && reader.TokenType != JsonTokenType.EndArray; first = false)
        {
            if (!first) output.Write(","u8);
            WriteValue(output, ref reader);
        }

        output.Write("]"u8);
    }

    private static void WriteNumber(IBufferWriter<byte> output, ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out var whole) && whole is >= -MostExact and <= MostExact)
        {
            WriteWhole(output, whole);
            return;
        }

        // 3.2.2.3: IEEE 754 double precision, as ECMAScript writes it.
        if (!reader.TryGetDouble(out var number) || !double.IsFinite(number))
            throw new FormatException("A number is too large.");
        WriteUtf8(output, EcmaScript(number));
    }

    private static string EcmaScript(double number)
    {
        if (number == 0) return "0";

        // The shortest digits that read back as the same number, d.ddde±x: both languages choose the same.
        var shortest = Math.Abs(number).ToString("E16", CultureInfo.InvariantCulture);
        var roundTrip = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);
        var exponent = int.Parse(shortest.AsSpan(shortest.IndexOf('E') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = roundTrip.Split('E')[0].Replace(".", "", StringComparison.Ordinal).Trim('0');
        var sign = number < 0 ? "-" : "";
        var point = exponent + 1;
        return sign + point switch
        {
            > LongestWhole or <= -MostLeadingZeros =>
                $"{mantissa[0]}{(mantissa.Length > 1 ? "." : "")}{mantissa[1..]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent)}",
            <= 0 => "0." + new string('0', -point) + mantissa,
            _ when mantissa.Length <= point => mantissa.PadRight(point, '0'),
            _ => $"{mantissa[..point]}.{mantissa[point..]}",
        };
    }

    private static void WriteEscaped(IBufferWriter<byte> output, char c)
    {
        var escaped = c switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\b' => "\\b",
            '\f' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ => $"\\u{(int)c:x4}",
        };
        WriteUtf8(output, escaped);
    }

    private static void WriteUtf8(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        if (!text.IsEmpty) Encoding.UTF8.GetBytes(text, output);
    }
}
