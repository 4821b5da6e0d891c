using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace MfaEvents.Benchmarks;

/// <summary>
/// Stands between a client and its PostgreSQL on a socket of its own and counts by the protocol: a round trip is what a client sends
/// while no answer is due; a statement is a Query or an Execute message (PostgreSQL 55.2).
/// </summary>
public sealed class WireTap : IDisposable
{
    private const string SocketName = ".s.PGSQL.5432";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mfaevents-tap-");
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string target;
    private readonly ConcurrentQueue<IReadOnlyList<string>> roundTrips = new();

    public WireTap(string socketDirectory)
    {
        target = Path.Combine(socketDirectory, SocketName);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder.FullName, SocketName)));
        listener.Listen();
        _ = AcceptAsync();
    }

    /// <summary>What clients give as their host.</summary>
    public string Host => folder.FullName;

    /// <summary>The round trips since the last call, each with its statements.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Take()
    {
        var taken = new List<IReadOnlyList<string>>();
        while (roundTrips.TryDequeue(out var roundTrip)) taken.Add(roundTrip);
        return taken;
    }

    public void Dispose()
    {
        listener.Dispose();
        folder.Delete(recursive: true);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = RelayAsync(await listener.AcceptAsync());
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The tap is closed.
        }
    }

    private async Task RelayAsync(Socket accepted)
    {
        using var client = new NetworkStream(accepted, ownsSocket: true);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(target));
        using var server = new NetworkStream(socket);
        var conversation = new Conversation(roundTrips.Enqueue);
        await Task.WhenAny(CopyAsync(client, server, conversation.Sent), CopyAsync(server, client, conversation.Received));
    }

    private static async Task CopyAsync(NetworkStream from, NetworkStream to, Action<ReadOnlySpan<byte>> observe)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            while (await from.ReadAsync(buffer) is var read and > 0)
            {
                observe(buffer.AsSpan(0, read));
                await to.WriteAsync(buffer.AsMemory(0, read));
            }
        }
        catch (IOException)
        {
            // One side has gone.
        }
    }

    /// <summary>One connection's messages, in both directions.</summary>
    private sealed class Conversation(Action<IReadOnlyList<string>> onRoundTrip)
    {
        private readonly Lock gate = new();
        private readonly Dictionary<string, string> prepared = [];
        private readonly Dictionary<string, string> portals = [];
        private readonly List<byte> sent = [];
        private readonly List<byte> received = [];
        private List<string> statements = [];
        private bool started;
        private int due;

        public void Sent(ReadOnlySpan<byte> bytes)
        {
            lock (gate)
            {
                sent.AddRange(bytes);
                while (NextMessage(sent, hasType: started) is { } message) Note(message.Type, message.Body);
            }
        }

        public void Received(ReadOnlySpan<byte> bytes)
        {
            lock (gate)
            {
                // The answer to a request for encryption is one byte, and the real start follows.
                if (!started && bytes.Length == 1) return;
                received.AddRange(bytes);
                while (NextMessage(received, hasType: true) is { } message)
                {
                    if (message.Type != 'Z' || --due > 0) continue;
                    due = 0;
                    if (statements.Count > 0) onRoundTrip(statements);
                    statements = [];
                }
            }
        }

        private void Note(char type, byte[] body)
        {
            switch (type)
            {
                case '\0':
                    const int startup = 3 << 16;
                    started = BinaryPrimitives.ReadInt32BigEndian(body) >= startup && BinaryPrimitives.ReadInt32BigEndian(body) < startup + (1 << 16);
                    if (started) due++;
                    break;
                case 'P':
                    var (name, rest) = Text(body);
                    prepared[name] = Text(rest).Text;
                    break;
                case 'B':
                    var (portal, source) = Text(body);
                    portals[portal] = prepared[Text(source).Text];
                    break;
                case 'E':
                    statements.Add(portals[Text(body).Text]);
                    break;
                case 'Q':
                    statements.Add(Text(body).Text);
                    due++;
                    break;
                case 'S':
                    due++;
                    break;
                default:
                    break;
            }
        }

        private static (char Type, byte[] Body)? NextMessage(List<byte> bytes, bool hasType)
        {
            var header = hasType ? 5 : 4;
            if (bytes.Count < header) return null;
            var length = BinaryPrimitives.ReadInt32BigEndian([.. bytes[(header - 4)..header]]) + header - 4;
            if (bytes.Count < length) return null;
            var message = (hasType ? (char)bytes[0] : '\0', bytes[header..length].ToArray());
            bytes.RemoveRange(0, length);
            return message;
        }

        private static (string Text, byte[] Remaining) Text(byte[] body)
        {
            var end = Array.IndexOf(body, (byte)0);
            return (Encoding.UTF8.GetString(body, 0, end), body[(end + 1)..]);
        }
    }
}
