using System.Globalization;
using System.Text;

namespace MfaEvents.SystemTests.Fuzzing;

/// <summary>A request as it stands on the wire.</summary>
public sealed class Input(Operation operation, string method, string target)
{
    public Operation Operation { get; } = operation;

    public string Method { get; set; } = method;

    public string Target { get; set; } = target;

    /// <summary>Whether it still goes where the operation is.</summary>
    public bool IsAimed { get; set; } = true;

    public List<(string Name, string Value)> Headers { get; } = [];

    public byte[]? Body { get; set; }

    public bool IsChunked { get; set; }

    public byte[] Bytes
    {
        get
        {
            var head = new StringBuilder($"{Method} {Target} HTTP/1.1\r\n");
            if (!Has("Host")) head.Append("Host: localhost\r\n");
            foreach (var (name, value) in Headers) head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            if (Body is not null)
                head.Append(IsChunked ? "Transfer-Encoding: chunked\r\n" : $"Content-Length: {Body.Length}\r\n");
            head.Append("\r\n");
            return [.. Encoding.Latin1.GetBytes(head.ToString()), .. Framed()];
        }
    }

    public void Set(string name, string value)
    {
        Headers.RemoveAll(header => header.Name == name);
        Headers.Add((name, value));
    }

    public void Remove(string name) => Headers.RemoveAll(header => header.Name == name);

    public bool Has(string name) => Headers.Exists(header => header.Name == name);

    /// <summary>For the eyes of whoever has to mend what it broke.</summary>
    public override string ToString()
    {
        var text = Encoding.Latin1.GetString(Bytes);
        var shown = string.Concat(text.Take(900).Select(c => c is >= ' ' and <= '~' or '\n' ? $"{c}" : c == '\r' ? "" : $"<{(int)c:x2}>"));
        return text.Length > 900 ? $"{shown} ... ({text.Length} bytes)" : shown;
    }

    private byte[] Framed()
    {
        if (Body is null) return [];
        if (!IsChunked) return Body;
        var size = Encoding.ASCII.GetBytes(Body.Length.ToString("x", CultureInfo.InvariantCulture));
        return Body.Length == 0 ? "0\r\n\r\n"u8.ToArray() : [.. size, .. "\r\n"u8, .. Body, .. "\r\n0\r\n\r\n"u8];
    }
}
