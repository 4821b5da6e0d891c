using System.Globalization;
using System.Text.Json;
using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Http.Timeouts;
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

/// <summary>Replays a principal's stream, event by event. However long it is, a page of it is in memory.</summary>
public static class ReadHistoryEndpoint
{
    [WolverineGet(Routes.History), Allow(Role.Owner, Role.SupportAgent, Role.SupportApprover, Role.Auditor), DisableRequestTimeout]
    [Answers(200, typeof(HistoryView))]
    [Queries("fromVersion", "The first version, inclusive."), Queries("toVersion", "The last version, inclusive.")]
    public static async Task<IResult> Get(
        string accountId,
        string principal,
        HttpRequest request,
        Caller caller,
        IDocumentStore store,
        IQuerySession session,
        MfaEventsSettings settings,
        CancellationToken cancellation)
    {
        var query = new QueryReader(request);
        var from = query.Whole("fromVersion", 1, long.MaxValue) ?? 1;
        var to = query.Whole("toVersion", 1, long.MaxValue);
        if (to < from) query.Refuse("toVersion", "toVersion must not be less than fromVersion.");
        if (await session.Events.FetchStreamStateAsync(principal, cancellation) is not { } stream) return Answer.Refuse(Problems.NotFound);
        if (query.Refusal is { } refusal) return Answer.Refuse(refusal);
        return new HistoryAnswer(
            store, accountId, principal, from, Math.Min(to ?? stream.Version, stream.Version), stream.Version, caller.SeesReasons, settings.Devices);
    }
}

/// <summary>Writes a history as fast as its reader takes it. Between two pages it holds no connection.</summary>
public sealed class HistoryAnswer(
    IDocumentStore store, string accountId, string principal, long from, long to, long version, bool seesReasons, DevicePolicy policy) : IResult
{
    /// <summary>The header that tells the version of the last event there is, whichever were asked for.</summary>
    public const string VersionHeader = "Stream-Version";

    private const int PageSize = 500;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var cancellation = httpContext.RequestAborted;
        httpContext.Response.ContentType = "application/json";
        httpContext.Response.Headers[VersionHeader] = version.ToString(CultureInfo.InvariantCulture);
        await using var json = new Utf8JsonWriter(
            httpContext.Response.BodyWriter, new JsonWriterOptions { Encoder = Json.Options.Encoder, SkipValidation = true });
        json.WriteStartObject();
        json.WriteStartArray("items");
        PrincipalMfa? state = null;
        for (long first = 1; from <= to && first <= to; first += PageSize)
        {
            foreach (var e in await PageAsync(first, Math.Min(first + PageSize - 1, to), cancellation))
            {
                state = PrincipalMfa.Evolve(state, principal, e.Data, e.Timestamp);
                if (e.Version >= from) JsonSerializer.Serialize(json, ItemOf(e, state), Json.Options);
            }

            // What the reader does not take yet stays here: a page of it.
            await json.FlushAsync(cancellation);
            await httpContext.Response.BodyWriter.FlushAsync(cancellation);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private async Task<IReadOnlyList<IEvent>> PageAsync(long first, long last, CancellationToken cancellation)
    {
        await using var session = store.QuerySession(accountId);
        return await session.Events.FetchStreamAsync(principal, last, fromVersion: first, token: cancellation);
    }

    private HistoryItem ItemOf(IEvent e, PrincipalMfa? state)
    {
        var data = EventData.Shown(e.Data);
        return new HistoryItem(
            e.Version,
            e.EventTypeName,
            e.Timestamp,
            e.UserName,
            seesReasons ? data : Redaction.Of(e.EventTypeName, data),
            DeviceView.Of(accountId, state, policy));
    }
}
