using Npgsql;

namespace MfaEvents.Server.Setup;

/// <summary>Which faults are the database's, and pass: the same work, tried again later, may succeed.</summary>
public static class DatabaseFaults
{
    private const string IdleInTransactionSessionTimeout = "25P03";

    /// <summary>What a server says that restarts, fails over, is full, or gave up (PostgreSQL, appendix A).</summary>
    private static readonly HashSet<string> Passing =
    [
        PostgresErrorCodes.AdminShutdown,
        PostgresErrorCodes.CrashShutdown,
        PostgresErrorCodes.CannotConnectNow,
        PostgresErrorCodes.QueryCanceled,
        PostgresErrorCodes.LockNotAvailable,
        PostgresErrorCodes.TooManyConnections,
        PostgresErrorCodes.InsufficientResources,
        PostgresErrorCodes.OutOfMemory,
        PostgresErrorCodes.DiskFull,
        PostgresErrorCodes.ReadOnlySqlTransaction,
        IdleInTransactionSessionTimeout,
    ];

    public static bool IsTransient(Exception exception) => exception switch
    {
        PostgresException refused => Passing.Contains(refused.SqlState) || refused.IsTransient,
        NpgsqlException { IsTransient: true } => true,

        // What Npgsql throws where it uses a connection that the server has ended meanwhile.
        NullReferenceException or ObjectDisposedException => exception.Source == "Npgsql",
        AggregateException many => many.InnerExceptions.Any(IsTransient),
        _ => exception.InnerException is { } inner && IsTransient(inner),
    };
}
