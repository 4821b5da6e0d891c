using System.Globalization;
using System.Runtime.CompilerServices;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Audit.Log;

public sealed class FolderCheckpoints(MfaEventsSettings settings) : ICheckpointStore
{
    private readonly string folder = Path.Combine(settings.DataDirectory, "checkpoints");

    public async Task WriteAsync(string accountId, long size, string note, CancellationToken cancellation)
    {
        Directory.CreateDirectory(FolderOf(accountId));
        await File.WriteAllTextAsync(
            Path.Combine(FolderOf(accountId), size.ToString("D20", CultureInfo.InvariantCulture) + ".txt"), note, cancellation);
    }

    public async IAsyncEnumerable<string> ReadAsync(string accountId, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!Directory.Exists(FolderOf(accountId))) yield break;
        foreach (var file in Directory.EnumerateFiles(FolderOf(accountId), "*.txt").Order(StringComparer.Ordinal))
            yield return await File.ReadAllTextAsync(file, cancellation);
    }

    private string FolderOf(string accountId) => Path.Combine(folder, accountId[..3], accountId);
}
