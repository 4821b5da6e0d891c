using Marten;
using Marten.Services;
using Npgsql;

namespace MfaEvents.Server.Operations;

/// <summary>
/// What the store logs of a statement that failed: its text and PostgreSQL's code. Marten's own logger writes every parameter
/// beside it, and those are names, addresses and account ids. The exception itself is logged by whoever catches it.
/// </summary>
public sealed partial class StoreLog(ILogger<StoreLog> logger) : IMartenLogger, IMartenSessionLogger
{
    public IMartenSessionLogger StartSession(IQuerySession session) => this;

    public void SchemaChange(string sql) => LogSchemaChange(sql);

    public void LogFailure(NpgsqlCommand command, Exception ex) => LogStatement(command.CommandText, CodeOf(ex));

    public void LogFailure(NpgsqlBatch batch, Exception ex) =>
        LogStatement((ex as NpgsqlException)?.BatchCommand?.CommandText ?? "a batch", CodeOf(ex));

    public void LogFailure(Exception ex, string message) => LogMessage(message, ex.GetType().Name);

    public void LogSuccess(NpgsqlCommand command)
    {
    }

    public void LogSuccess(NpgsqlBatch batch)
    {
    }

    public void RecordSavedChanges(IDocumentSession session, IChangeSet commit)
    {
    }

    public void OnBeforeExecute(NpgsqlCommand command)
    {
    }

    public void OnBeforeExecute(NpgsqlBatch batch)
    {
    }

    private static string CodeOf(Exception exception) => (exception as PostgresException)?.SqlState ?? exception.GetType().Name;

    [LoggerMessage(Level = LogLevel.Debug, Message = "The schema changes: {Sql}")]
    private partial void LogSchemaChange(string sql);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A statement failed ({Code}): {Sql}")]
    private partial void LogStatement(string sql, string code);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{What} ({Exception})")]
    private partial void LogMessage(string what, string exception);
}
