namespace MfaEvents.Server.Audit.Log;

/// <summary>
/// Where checkpoints are kept outside of the database: out of the reach of whoever has the database's password, or the proof of
/// the end of the log proves nothing.
/// </summary>
public interface ICheckpointStore
{
    /// <summary>Keeps a checkpoint for ever. The same one twice is kept once.</summary>
    /// <param name="accountId">Whose log.</param>
    /// <param name="size">How many entries it covers.</param>
    /// <param name="note">The signed note.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="IOException">It cannot be kept, or another is kept for this size.</exception>
    Task WriteAsync(string accountId, long size, string note, CancellationToken cancellation);

    /// <summary>All checkpoints of an account's log that are kept when the first is asked for, by ascending size.</summary>
    IAsyncEnumerable<string> ReadAsync(string accountId, CancellationToken cancellation);
}
