using System.Diagnostics;
using OpenTelemetry;

namespace MfaEvents.Server.Operations;

/// <summary>
/// Lets through of a span what is known to name nobody. The path of a request holds account and principal, its query addresses;
/// Wolverine's tenant is the account; descriptions of errors quote what was wrong.
/// </summary>
public sealed class SpanPrivacy : BaseProcessor<Activity>
{
    private static readonly HashSet<string> Harmless =
    [
        "http.request.method", "http.route", "http.response.status_code", "error.type", "url.scheme", "server.port",
        "network.protocol.name", "network.protocol.version",
        "db.system", "db.system.name", "db.name", "db.namespace", "db.statement", "db.query.text", "db.operation.name",
        "db.response.status_code", "db.npgsql.prepared",
        "messaging.system", "messaging.message_id", "messaging.message_type", "messaging.message_payload_size_bytes",
        "wolverine.message.scheduled", "wolverine.schedule.name", "wolverine.envelope.transport_lag_ms",
        "wolverine.envelope.receive_dwell_ms", "message.handler", "handler.type",
    ];

    public override void OnEnd(Activity data)
    {
        foreach (var tag in data.TagObjects.Where(tag => !Harmless.Contains(tag.Key)).ToArray()) data.SetTag(tag.Key, null);
        foreach (var item in data.Baggage.ToArray()) data.SetBaggage(item.Key, null);
        data.SetStatus(data.Status);
        data.TraceStateString = null;
    }
}
