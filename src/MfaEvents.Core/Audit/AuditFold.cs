using System.Text.Json;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Recovery;

namespace MfaEvents.Core.Audit;

/// <summary>
/// Makes entries of events in the order of their sequence: numbers them by account, and remembers what devices are called and whom cases are
/// about. What it was not shown itself it can be told.
/// </summary>
public sealed class AuditFold
{
    private const string Assigned = "device_assigned";
    private const string Renamed = "device_renamed";
    private const string CaseOpened = "case_opened";

    private readonly Dictionary<string, long> sizes = [];
    private readonly Dictionary<(string AccountId, Guid DeviceId), DeviceLabel> devices = [];
    private readonly Dictionary<(string AccountId, string Stream), string> subjects = [];

    /// <summary>What it was shown or told of devices.</summary>
    public IReadOnlyDictionary<(string AccountId, Guid DeviceId), DeviceLabel> Devices => devices;

    /// <summary>What it was shown or told of whom cases are about.</summary>
    public IReadOnlyDictionary<(string AccountId, string Stream), string> Subjects => subjects;

    /// <summary>How many entries each account has.</summary>
    public IReadOnlyDictionary<string, long> Sizes => sizes;

    /// <summary>Tells how many entries of an account there are already.</summary>
    public void Tell(string accountId, long size) => sizes[accountId] = size;

    /// <summary>Tells what a device is called.</summary>
    public void Tell(string accountId, DeviceLabel device) => devices[(accountId, device.Id)] = device;

    /// <summary>Tells whom a case is about.</summary>
    public void Tell(string accountId, string stream, string principal) => subjects[(accountId, stream)] = principal;

    /// <summary>The entry of the next event.</summary>
    public AuditEntry Next(StoredEvent e)
    {
        var size = sizes.GetValueOrDefault(e.AccountId);
        var facts = EventFacts.Read(e.Data.Span);
        if (e.EventType == CaseOpened && facts.Principal is { } subject) subjects[(e.AccountId, e.Stream)] = subject;
        var entry = new AuditEntry(size, e, PrincipalOf(e), DeviceOf(e, facts));
        sizes[e.AccountId] = size + 1;
        return entry;
    }

    private string? PrincipalOf(StoredEvent e)
    {
        if (e.Stream == Account.StreamKey) return null;
        if (e.Stream.StartsWith(RootRecovery.KeyPrefix, StringComparison.Ordinal)) return Principal.Root;
        return subjects.GetValueOrDefault((e.AccountId, e.Stream), e.Stream);
    }

    private DeviceLabel? DeviceOf(StoredEvent e, EventFacts facts)
    {
        if (facts.DeviceId is not { } id) return null;
        var known = devices.GetValueOrDefault((e.AccountId, id));
        var label = e.EventType switch
        {
            Assigned => new DeviceLabel(id, facts.DeviceName, facts.DeviceType),
            Renamed => new DeviceLabel(id, facts.DeviceName, known?.Type),
            _ => known ?? new DeviceLabel(id, null, null),
        };
        if (label != known) devices[(e.AccountId, id)] = label;
        return label;
    }

    /// <summary>The members of an event's data that an entry is made of.</summary>
    private readonly record struct EventFacts(Guid? DeviceId, string? DeviceName, string? DeviceType, string? Principal)
    {
        public static EventFacts Read(ReadOnlySpan<byte> data)
        {
            var facts = default(EventFacts);
            var reader = new Utf8JsonReader(data);
            try
            {
                reader.Read();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    if (reader.ValueTextEquals("deviceId"u8))
                        facts = facts with { DeviceId = Guid.TryParse(Text(ref reader), out var id) ? id : null };
                    else if (reader.ValueTextEquals("deviceName"u8)) facts = facts with { DeviceName = Text(ref reader) };
                    else if (reader.ValueTextEquals("deviceType"u8)) facts = facts with { DeviceType = CamelCase(Text(ref reader)) };
                    else if (reader.ValueTextEquals("principal"u8)) facts = facts with { Principal = Text(ref reader) };
                    else reader.Skip();
                }
            }
            catch (JsonException)
            {
                // What is no JSON has no facts, and no canonical form either: whoever writes the leaf says so.
            }

            return facts;
        }

        private static string? Text(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.String) return reader.GetString();
            reader.Skip();
            return null;
        }

        private static string? CamelCase(string? word) => word is null ? null : JsonNamingPolicy.CamelCase.ConvertName(word);
    }
}
