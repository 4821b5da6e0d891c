namespace MfaEvents.Server.Audit.Log;

public interface ICheckpointStore
{
    Task WriteAsync(string accountId, long size, string note, CancellationToken cancellation);

    IAsyncEnumerable<string> ReadAsync(string accountId, CancellationToken cancellation);
}
