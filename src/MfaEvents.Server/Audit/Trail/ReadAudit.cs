using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Audit.Trail;

/// <summary>A page of the trail, newest first.</summary>
/// <param name="Items">The items.</param>
/// <param name="NextCursor">Where the next page begins; null on the last one.</param>
/// <param name="UpTo">Nothing that happened before this instant is missing.</param>
public sealed record AuditView(IReadOnlyList<AuditItem> Items, string? NextCursor, DateTimeOffset? UpTo);

/// <summary>Reads the audit trail of an account, newest first.</summary>
public static class ReadAuditEndpoint
{
    private const int DefaultLimit = 50;
    private const int MostLimit = 500;

    [WolverineGet(Routes.Audit), Allow(Role.Owner, Role.Auditor)]
    [Answers(200, typeof(AuditView))]
    [Queries("principal", "Whom the events are about."), Queries("deviceId", "One device.")]
    [Queries("eventType", "The stored name of the event, such as device_assigned."), Queries("actor", "Who did it.")]
    [Queries("sourceAddress", "From where.")]
    [Queries("from", "From this instant, inclusive."), Queries("to", "To this instant, exclusive.")]
    [Queries("cursor", "nextCursor of the page before."), Queries("limit", "How many items, at most 500.")]
    public static async Task<Answer> Get(
        HttpRequest request,
        Caller caller,
        IQuerySession session,
        EventData data,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var query = new QueryReader(request);
        var (principal, deviceId) = (query.Text("principal"), query.Id("deviceId"));
        var (eventType, actor, sourceAddress) = (query.Text("eventType"), query.Text("actor"), query.Text("sourceAddress"));
        var (from, to) = (query.Instant("from"), query.Instant("to"));
        var limit = (int)(query.Whole("limit", 1, MostLimit) ?? DefaultLimit);
        var before = Before(query);
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is null) return Problems.NotFound;
        if (query.Refusal is { } refusal) return refusal;

        // An IAM user sees its own principal's items only, whatever it asks for.
        var own = caller.Is(Role.Auditor) || caller.IsRoot ? null : caller.Principal;

        // Read before the items, so that whatever it promises is among them.
        var upTo = await AuditHorizon.ReadAsync(session, clock, cancellation);

        var page = await new AuditPage(session.TenantId)
            .Where("principal", "=", own)
            .Where("principal", "=", principal)
            .Where("device_id", "=", deviceId)
            .Where("event_type", "=", eventType)
            .Where("actor", "=", AuditCopy.Cut(actor))
            .Where("source_address", "=", AuditCopy.Cut(sourceAddress))
            .Between(from, to)
            .Where("index", "<", before)
            .ReadAsync(session, data, limit + 1, cancellation);
        return Answer.Ok(new AuditView(
            [.. page.Take(limit).Select(item => caller.SeesReasons ? item : Redaction.Of(item))],
            page.Count > limit ? CursorBefore(page[limit - 1].Index) : null,
            upTo));
    }

    private static string CursorBefore(long index) => Cursor.Write("before", index.ToString(CultureInfo.InvariantCulture));

    private static long? Before(QueryReader query)
    {
        if (query.Text("cursor") is not { } text) return null;
        if (Cursor.Read(text) is ["before", var number]
            && long.TryParse(number, NumberStyles.Integer, CultureInfo.InvariantCulture, out var index))
            return index;
        query.Refuse("cursor", "cursor must be the nextCursor of an earlier page.");
        return null;
    }
}

/// <summary>What an IAM user is not shown of its own events: why a code was refused, and which step it belonged to.</summary>
public static class Redaction
{
    public static AuditItem Of(AuditItem item) => item with { Data = Of(item.EventType, item.Data) };

    public static JsonElement Of(string eventType, JsonElement data)
    {
        if (eventType != "code_rejected") return data;
        var shown = JsonObject.Create(data)!;
        foreach (var member in (string[])["reason", "step", "driftSteps"]) shown.Remove(member);
        return JsonSerializer.SerializeToElement(shown);
    }
}
