using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Audit.Log;

/// <summary>Keeps checkpoints in a folder, a file each, in a folder for each account.</summary>
public sealed class FolderCheckpoints(MfaEventsSettings settings) : ICheckpointStore
{
    private const int Fan = 3;

    private readonly string folder = settings.Audit.CheckpointFolder ?? Path.Combine(settings.DataDirectory, "checkpoints");

    public async Task WriteAsync(string accountId, long size, string note, CancellationToken cancellation)
    {
        var file = Path.Combine(FolderOf(accountId), size.ToString("D20", CultureInfo.InvariantCulture) + ".txt");
        if (File.Exists(file))
        {
            // Another key may have signed it; but it is about the same tree, or it is none of ours.
            if (TextOf(await File.ReadAllTextAsync(file, cancellation)) == TextOf(note)) return;
            throw new IOException($"Another checkpoint of {size} entries is kept already.");
        }

        Directory.CreateDirectory(FolderOf(accountId));
        var aside = $"{file}.{Environment.ProcessId}.new";
        await using (var stream = new FileStream(aside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(note), cancellation);
            stream.Flush(flushToDisk: true);
        }

        File.Move(aside, file);
    }

    public async IAsyncEnumerable<string> ReadAsync(string accountId, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!Directory.Exists(FolderOf(accountId))) yield break;
        foreach (var file in Directory.EnumerateFiles(FolderOf(accountId), "*.txt").Order(StringComparer.Ordinal))
            yield return await File.ReadAllTextAsync(file, cancellation);
    }

    private string FolderOf(string accountId) => Path.Combine(folder, accountId[..Fan], accountId);

    private static string? TextOf(string note) => SignedNote.Parse(note)?.Text;
}
