using System.Buffers;
using System.Text.Json;

namespace MfaEvents.Server.Audit.Export;

/// <summary>JSON values, one a line.</summary>
public static class Ndjson
{
    public const string ContentType = "application/x-ndjson";

    public const string Extension = "ndjson";

    /// <summary>Writes a value and the end of its line; JSON as this product writes it has no other.</summary>
    public static void WriteLine<T>(IBufferWriter<byte> output, T value, JsonSerializerOptions options)
    {
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = options.Encoder, SkipValidation = true }))
            JsonSerializer.Serialize(json, value, options);
        EndLine(output);
    }

    public static void EndLine(IBufferWriter<byte> output) => output.Write("\n"u8);
}
