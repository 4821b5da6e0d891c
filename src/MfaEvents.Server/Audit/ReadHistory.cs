using System.Text.Json;
using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Devices;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Audit;

/// <summary>One event of a principal and the device list that it left behind.</summary>
public sealed record HistoryItem(
    long Version,
    string EventType,
    DateTimeOffset OccurredAt,
    string? Actor,
    JsonElement Data,
    IReadOnlyList<DeviceView> DevicesAfter);

public sealed record HistoryView(IReadOnlyList<HistoryItem> Items);

/// <summary>Replays a principal's stream, event by event.</summary>
public static class ReadHistoryEndpoint
{
    [WolverineGet(Routes.History), Allow(Role.Owner, Role.SupportAgent, Role.SupportApprover, Role.Auditor)]
    [Answers(200, typeof(HistoryView))]
    [Queries("fromVersion", "The first version, inclusive."), Queries("toVersion", "The last version, inclusive.")]
    public static async Task<Answer> Get(
        string accountId,
        string principal,
        HttpRequest request,
        Caller caller,
        IQuerySession session,
        MfaEventsSettings settings,
        CancellationToken cancellation)
    {
        var query = new QueryReader(request);
        var from = query.Whole("fromVersion", 1, long.MaxValue) ?? 1;
        var to = query.Whole("toVersion", 1, long.MaxValue) ?? 0;
        if (to != 0 && to < from) query.Refuse("toVersion", "toVersion must not be less than fromVersion.");
        if (await session.Events.FetchStreamStateAsync(principal, cancellation) is null) return Problems.NotFound;
        if (query.Refusal is { } refusal) return refusal;

        var events = await session.Events.FetchStreamAsync(principal, version: to, token: cancellation);

        var items = new List<HistoryItem>();
        PrincipalMfa? state = null;
        foreach (var e in events)
        {
            state = PrincipalMfa.Evolve(state, principal, e.Data, e.Timestamp);
            if (e.Version < from) continue;
            var data = EventData.Shown(e.Data);
            items.Add(new HistoryItem(
                e.Version,
                e.EventTypeName,
                e.Timestamp,
                e.UserName,
                caller.SeesReasons ? data : Redaction.Of(e.EventTypeName, data),
                DeviceView.Of(accountId, state, settings.Devices)));
        }

        return Answer.Ok(new HistoryView(items));
    }
}
