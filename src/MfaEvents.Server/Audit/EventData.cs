using System.Text.Json;
using Marten;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Audit;

/// <summary>How an event's data are shown: as the contract writes JSON, whatever the store's own form of it is.</summary>
public sealed class EventData(IDocumentStore store)
{
    private readonly Dictionary<string, Type> types =
        store.Options.Events.AllKnownEventTypes().ToDictionary(type => type.EventTypeName, type => type.EventType);

    private readonly ISerializer serializer = store.Options.Serializer();

    /// <summary>The data of a stored event, as an answer shows them; as they are stored, if nobody knows the type any more.</summary>
    public JsonElement Shown(string eventType, string stored) => types.TryGetValue(eventType, out var type)
        ? Shown(serializer.FromJson(type, new MemoryStream(System.Text.Encoding.UTF8.GetBytes(stored))))
        : JsonSerializer.Deserialize<JsonElement>(stored);

    /// <summary>The data of an event, as an answer shows them.</summary>
    public static JsonElement Shown(object data) => JsonSerializer.SerializeToElement(data, data.GetType(), Json.Options);
}
