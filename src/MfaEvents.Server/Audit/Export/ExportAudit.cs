using Marten;
using Microsoft.AspNetCore.Http.Timeouts;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit.Log;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Audit.Export;

/// <summary>
/// Streams an account's audit trail, oldest first, as CloudEvents, OCSF events, CSV, or the leaves of the log themselves, one a
/// line. It ends where the log ended when it began (header Audit-Size), with the signed checkpoint that covers it: as its last
/// event or row, and in base64 in the header Audit-Checkpoint. Whoever lost the connection goes on with fromIndex, behind the
/// last whole line; CSV names its columns only where it begins at index 0.
/// </summary>
public static class ExportAuditEndpoint
{
    private const string FormatSentence = "format must be cloudevents, ocsf, csv or log.";
    private const string ClassSentence = "ocsfUserManagement must be 3001 or 3007.";

    [WolverineGet(Routes.AuditExport), Allow(Role.Owner, Role.Auditor, RootOnly = true), DisableRequestTimeout]
    [Answers(200, ContentTypes = [Ndjson.ContentType, Csv.ContentType])]
    [Queries("format", "cloudevents, ocsf, csv or log.")]
    [Queries("from", "From this instant, inclusive."), Queries("to", "To this instant, exclusive.")]
    [Queries("fromIndex", "From this index, inclusive.")]
    [Queries("ocsfUserManagement", "The OCSF class of changes to users: 3001 (Account Change), or 3007, which replaces it in OCSF 1.9.")]
    public static async Task<IResult> Get(
        HttpRequest request,
        IQuerySession session,
        Checkpoints checkpoints,
        EventData data,
        MfaEventsSettings settings,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var query = new QueryReader(request);
        var format = FormatOf(query, session.TenantId, data, settings);
        var (from, to) = (query.Instant("from"), query.Instant("to"));
        var fromIndex = query.Whole("fromIndex", 0, long.MaxValue) ?? 0;
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is null) return Answer.Refuse(Problems.NotFound);

        var size = await new AuditLog(session).SizeAsync(cancellation);
        if (fromIndex > size) query.Refuse("fromIndex", $"fromIndex must not be beyond the log, which has {size} entries.");
        if (query.Refusal is { } refusal) return Answer.Refuse(refusal);

        var range = await ExportRange.FindAsync(session, size, fromIndex, from, to, cancellation);
        var note = await checkpoints.NoteAsync(session, size, cancellation);
        return new ExportAnswer(session.Database, format!, range, new ExportCheckpoint(size, note, clock.GetUtcNow()));
    }

    private static IExportFormat? FormatOf(QueryReader query, string accountId, EventData data, MfaEventsSettings settings)
    {
        var (name, userManagement) = (query.Text("format"), query.Text("ocsfUserManagement"));
        if (userManagement is not (null or "3001" or "3007")) query.Refuse("ocsfUserManagement", ClassSentence);
        IExportFormat? format = name switch
        {
            "cloudevents" => new CloudEventsFormat(new CloudEvents(settings, data), accountId),
            "ocsf" => new OcsfFormat(accountId, data, settings, userManagement == "3007"),
            "csv" => new CsvFormat(data),
            "log" => new LeavesFormat(),
            _ => null,
        };
        if (format is null) query.Refuse("format", FormatSentence);
        return format;
    }
}
