using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Audit;

/// <summary>One item of the trail as it is answered.</summary>
public sealed record AuditItemView(
    long Index,
    string? Principal,
    Guid EventId,
    string Stream,
    long Version,
    string EventType,
    DateTimeOffset OccurredAt,
    string? Actor,
    string? SourceAddress,
    string? UserAgent,
    string? CorrelationId,
    Guid? DeviceId,
    string? DeviceName,
    string? DeviceType,
    JsonElement Data);

/// <summary>A page of the trail, newest first.</summary>
/// <param name="Items">The items.</param>
/// <param name="NextCursor">Where the next page begins; null on the last one.</param>
/// <param name="UpTo">Nothing that happened before this instant is missing.</param>
public sealed record AuditView(IReadOnlyList<AuditItemView> Items, string? NextCursor, DateTimeOffset? UpTo);

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
        HttpRequest request, Caller caller, IQuerySession session, TimeProvider clock, CancellationToken cancellation)
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

        var items = session.Query<AuditItem>().AsQueryable();
        if (own is not null) items = items.Where(item => item.Principal == own);
        if (principal is not null) items = items.Where(item => item.Principal == principal);
        if (deviceId is { } device) items = items.Where(item => item.DeviceId == device);
        if (eventType is not null) items = items.Where(item => item.EventType == eventType);
        if (actor is not null) items = items.Where(item => item.Actor == actor);
        if (sourceAddress is not null) items = items.Where(item => item.SourceAddress == sourceAddress);
        if (from is { } earliest) items = items.Where(item => item.OccurredAt >= earliest);
        if (to is { } end) items = items.Where(item => item.OccurredAt < end);
        if (before is { } index) items = items.Where(item => item.Index < index);

        var page = await items.OrderByDescending(item => item.Index).Take(limit + 1).ToListAsync(cancellation);
        return Answer.Ok(new AuditView(
            [.. page.Take(limit).Select(item => View(item, redacted: !caller.SeesReasons))],
            page.Count > limit ? CursorBefore(page[limit - 1].Index) : null,
            upTo));
    }

    private static AuditItemView View(AuditItem item, bool redacted) => new(
        item.Index,
        item.Principal,
        item.Id,
        item.Stream,
        item.Version,
        item.EventType,
        item.OccurredAt,
        item.Actor,
        item.SourceAddress,
        item.UserAgent,
        item.CorrelationId,
        item.DeviceId,
        item.DeviceName,
        item.DeviceType,
        redacted ? Redaction.Of(item.EventType, item.Data) : item.Data);

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
    public static JsonElement Of(string eventType, JsonElement data)
    {
        if (eventType != "code_rejected") return data;
        var shown = JsonObject.Create(data)!;
        foreach (var member in (string[])["reason", "step", "driftSteps"]) shown.Remove(member);
        return JsonSerializer.SerializeToElement(shown);
    }
}
