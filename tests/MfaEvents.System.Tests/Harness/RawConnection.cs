using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MfaEvents.SystemTests.Harness;

/// <summary>What stood on the wire.</summary>
public sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public bool Closes => this["Connection"]?.Equals("close", StringComparison.OrdinalIgnoreCase) == true;

    public string? this[string header] => Headers.GetValueOrDefault(header);

    /// <summary>The body as an RFC 9457 problem, or null when it is none.</summary>
    public JsonObject? Problem =>
        this["Content-Type"] == "application/problem+json" && JsonNode.Parse(Body) is JsonObject problem ? problem : null;

    public override string ToString() => $"{Status} {string.Join("; ", Headers.Select(header => $"{header.Key}: {header.Value}"))}\n{Text}";
}

/// <summary>HTTP/1.1 byte by byte (RFC 9112), for requests that no client library would send.</summary>
public sealed class RawConnection : IDisposable
{
    private readonly TcpClient client = new() { NoDelay = true };
    private readonly BufferedStream reader;

    private RawConnection(Uri address)
    {
        client.Connect(address.Host, address.Port);
        reader = new BufferedStream(client.GetStream(), 16 * 1024);
    }

    public static RawConnection To(string address) => new(new Uri(address));

    public void Dispose()
    {
        reader.Dispose();
        client.Dispose();
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) =>
        await client.GetStream().WriteAsync(bytes, TestContext.Current.CancellationToken);

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>The next answer; null when the server has closed the connection instead.</summary>
    public async Task<RawAnswer?> ReceiveAsync(bool isHead = false)
    {
        while (true)
        {
            // To the preface of HTTP/2 the answer is a frame.
            if (await LineAsync() is not { } statusLine || !statusLine.StartsWith("HTTP/1.", StringComparison.Ordinal)) return null;
            var status = int.Parse(statusLine.Split(' ')[1], CultureInfo.InvariantCulture);
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (await LineAsync() is { Length: > 0 } line)
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                headers[line[..colon]] = line[(colon + 1)..].Trim();
            }

            if (status < 200) continue;
            var body = isHead || status is 204 or 304 ? [] : await BodyAsync(headers);
            return new RawAnswer(status, headers, body);
        }
    }

    /// <summary>Waits until the server closes the connection, whatever it says before.</summary>
    public async Task<string> UntilClosedAsync()
    {
        var said = new MemoryStream();
        try
        {
            await reader.CopyToAsync(said, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // Reset.
        }

        return Encoding.Latin1.GetString(said.ToArray());
    }

    private async Task<byte[]> BodyAsync(Dictionary<string, string> headers)
    {
        if (!headers.TryGetValue("Transfer-Encoding", out var coding) || coding != "chunked")
            return await BytesAsync(headers.TryGetValue("Content-Length", out var length)
                ? int.Parse(length, CultureInfo.InvariantCulture)
                : throw new InvalidDataException("An answer without a length."));

        var body = new MemoryStream();
        while (true)
        {
            var size = int.Parse((await LineAsync())!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Write(await BytesAsync(size));
            await LineAsync();
            if (size == 0) return body.ToArray();
        }
    }

    private async Task<byte[]> BytesAsync(int count)
    {
        var bytes = new byte[count];
        await reader.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        return bytes;
    }

    private async Task<string?> LineAsync()
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (true)
        {
            int read;
            try
            {
                read = await reader.ReadAsync(one, TestContext.Current.CancellationToken);
            }
            catch (IOException)
            {
                read = 0;
            }

            if (read == 0 && line.Count == 0) return null;
            if (read == 0 || one[0] == '\n') return Encoding.Latin1.GetString([.. line]).TrimEnd('\r');
            line.Add(one[0]);
        }
    }
}
