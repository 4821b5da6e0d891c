using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit.Log;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>
/// <c>ops/verify EXPORT --key KEY --checkpoint FILE ...</c>: whether an export of format <c>log</c> is what the checkpoints' signer signed. It
/// needs neither a server nor a database, nor does it trust either.
/// </summary>
public static class VerifyCommand
{
    private const string Usage =
        """
        usage: ops/verify EXPORT --key KEY --checkpoint FILE [--checkpoint FILE ...]
          EXPORT  what GET /accounts/ID/audit/export?format=log gave, from its first entry; - for standard input
          KEY     what /.well-known/checkpoint-key says, or a file with it
          FILE    a checkpoint, as the service gave it or wrote it out
        """;

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        string? export = null, key = null;
        var files = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "--key" && i + 1 < arguments.Count) key = arguments[++i];
            else if (arguments[i] == "--checkpoint" && i + 1 < arguments.Count) files.Add(arguments[++i]);
            else if (export is null && (arguments[i] == "-" || !arguments[i].StartsWith('-'))) export = arguments[i];
            else return Say(Usage, 2);
        }

        if (export is null || key is null || files.Count == 0) return Say(Usage, 2);
        try
        {
            if (NoteKey.Parse(File.Exists(key) ? await File.ReadAllTextAsync(key) : key) is not { } verifier)
                return Say("This is no verifier key of a signed note, or its hash is wrong.", 2);
            var checkpoints = new List<Checkpoint>();
            foreach (var file in files)
            {
                if (NoteSignatures.Open(await File.ReadAllTextAsync(file), verifier) is not { } text || Checkpoint.Parse(text) is not { } read)
                    return Say($"{file} is no checkpoint that {verifier.Name} signed with this key.", 1);
                checkpoints.Add(read);
            }

            await using var stream = export == "-" ? System.Console.OpenStandardInput() : File.OpenRead(export);
            var refusal = await VerifyAsync(stream, checkpoints);
            return refusal is null ? Say(null, 0) : Say(refusal, 1);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Say($"This cannot be read: {exception.Message}", 2);
        }
    }

    /// <summary>What is wrong with an export, in a sentence; null when every checkpoint is met.</summary>
    public static async Task<string?> VerifyAsync(Stream export, IReadOnlyList<Checkpoint> checkpoints)
    {
        if (checkpoints.Select(checkpoint => checkpoint.Origin).Distinct().Count() > 1)
            return "The checkpoints are of different logs.";
        var due = new Queue<Checkpoint>(checkpoints.OrderBy(checkpoint => checkpoint.Size));
        var tree = new TreeFrontier();
        var reader = PipeReader.Create(export);
        while (true)
        {
            if (MissedBy(due, tree) is { } missed) return missed;
            var line = await NextLineAsync(reader);
            if (line is null) break;
            if (WrongWith(line, tree.Size, checkpoints[0].Origin) is { } wrong) return wrong;
            tree.Append(MerkleHash.OfLeaf(line));
        }

        if (due.TryPeek(out var longer))
            return $"The export ends after {tree.Size} entries; a checkpoint of {longer.Size} was signed.";
        var covered = checkpoints.Max(checkpoint => checkpoint.Size);
        System.Console.WriteLine($"The first {covered} entries are what was signed for {checkpoints[0].Origin}.");
        if (tree.Size > covered) System.Console.WriteLine($"{tree.Size - covered} further entries are covered by no checkpoint given.");
        return null;
    }

    private static string? MissedBy(Queue<Checkpoint> due, TreeFrontier tree)
    {
        while (due.TryPeek(out var checkpoint) && checkpoint.Size == tree.Size)
        {
            if (!due.Dequeue().Root.AsSpan().SequenceEqual(tree.Root))
                return $"The first {tree.Size} entries are not those that were signed: at least one was changed, removed or added.";
        }

        return null;
    }

    private static string? WrongWith(byte[] line, long index, string origin)
    {
        try
        {
            var canonical = new ArrayBufferWriter<byte>(line.Length);
            CanonicalJson.Write(canonical, line);
            if (!canonical.WrittenSpan.SequenceEqual(line)) return $"Line {index} is not in the canonical form of RFC 8785.";
            using var leaf = JsonDocument.Parse(line);
            if (leaf.RootElement.GetProperty("index").GetInt64() != index)
                return $"Line {index} is not entry {index}: an export is verified from its first entry on, without a gap.";
            var account = leaf.RootElement.GetProperty("accountId").GetString();
            return origin.Contains($"/accounts/{account}/", StringComparison.Ordinal) ? null : $"Line {index} is of another account.";
        }
        catch (Exception exception) when (
            exception is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"Line {index} is no entry of an audit log.";
        }
    }

    private static async Task<byte[]?> NextLineAsync(PipeReader reader)
    {
        while (true)
        {
            var read = await reader.ReadAsync();
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = read.Buffer.Slice(0, end).ToArray();
                reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            if (read.IsCompleted)
            {
                var rest = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return rest.Length == 0 ? null : rest;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static int Say(string? sentence, int code)
    {
        if (sentence is not null) System.Console.Error.WriteLine(sentence);
        return code;
    }
}
