using System.Globalization;
using System.Text.Json.Serialization;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Audit.Export;

/// <summary>Makes CloudEvents 1.0 of rows of the trail.</summary>
public sealed class CloudEvents(MfaEventsSettings settings, EventData data)
{
    /// <summary>What stands before the stored name of an event in its type. Receivers route by it: it never changes.</summary>
    public const string TypePrefix = "org.mfaevents.audit.";

    private readonly string accounts = settings.PublicUrl.AbsoluteUri.TrimEnd('/') + Routes.Accounts;

    /// <summary>The event of a row; its data are the item of the trail.</summary>
    public CloudEvent Of(AuditRow row)
    {
        var stored = row.Entry.Event;
        return new CloudEvent(stored.EventId.ToString(), SourceOf(stored.AccountId), TypePrefix + stored.EventType, stored.OccurredAt)
        {
            Subject = row.Entry.Principal,

            // CloudEvents' sequence extension 1.0: compared as texts, so that all are equally long.
            Sequence = row.Entry.Index.ToString("D20", CultureInfo.InvariantCulture),
            CorrelationId = stored.CorrelationId,
            CausationId = stored.CausationId,
            Data = row.ToItem(data),
        };
    }

    /// <summary>The event that ends an export: a text, the signed note.</summary>
    public CloudEvent OfCheckpoint(string accountId, ExportCheckpoint checkpoint) =>
        new($"checkpoint-{checkpoint.Size}", SourceOf(accountId), TypePrefix + "checkpoint", checkpoint.At)
        {
            DataContentType = "text/plain",
            Data = checkpoint.Note,
        };

    private string SourceOf(string accountId) => $"{accounts}/{accountId}";
}

/// <summary>A CloudEvent in the JSON format of CloudEvents 1.0.2; what has no value is left out (3.1).</summary>
/// <param name="Id">Unique within its source: the id of the event.</param>
/// <param name="Source">The account.</param>
/// <param name="Type">What happened.</param>
/// <param name="Time">When.</param>
public sealed record CloudEvent(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("source")] string Source,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("time")] DateTimeOffset Time)
{
    [JsonPropertyName("specversion"), JsonPropertyOrder(-1)]
    public string SpecVersion => "1.0";

    /// <summary>Whom it is about.</summary>
    [JsonPropertyName("subject"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subject { get; init; }

    /// <summary>The index in the account's log, with leading zeros.</summary>
    [JsonPropertyName("sequence"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sequence { get; init; }

    [JsonPropertyName("correlationid"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CorrelationId { get; init; }

    [JsonPropertyName("causationid"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CausationId { get; init; }

    [JsonPropertyName("datacontenttype")]
    public string DataContentType { get; init; } = "application/json";

    [JsonPropertyName("data")]
    public required object Data { get; init; }
}
