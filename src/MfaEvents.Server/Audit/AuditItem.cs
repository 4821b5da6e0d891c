using System.Text.Json;
using Marten;
using Marten.Schema;
using Marten.Schema.Indexing.Unique;

namespace MfaEvents.Server.Audit;

/// <summary>One line of an account's audit trail: an event with who, when and from where.</summary>
public sealed record AuditItem
{
    /// <summary>The event's own id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Dense per account from 0, oldest first.</summary>
    public required long Index { get; init; }

    /// <summary>Whom it is about; null for the account itself.</summary>
    public string? Principal { get; init; }

    public required string Stream { get; init; }

    public required long Version { get; init; }

    /// <summary>The stored name of the event.</summary>
    public required string EventType { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }

    public string? Actor { get; init; }

    public string? SourceAddress { get; init; }

    public string? UserAgent { get; init; }

    public string? CorrelationId { get; init; }

    public Guid? DeviceId { get; init; }

    /// <summary>What the device was called then.</summary>
    public string? DeviceName { get; init; }

    public string? DeviceType { get; init; }

    public required JsonElement Data { get; init; }

    public static void Map(StoreOptions store)
    {
        store.Schema.For<AuditItem>()
            .Duplicate(item => item.Index)
            .Duplicate(item => item.OccurredAt)
            .UniqueIndex(UniqueIndexType.DuplicatedField, "audit_item_index", TenancyScope.PerTenant, item => item.Index)
            .Index(item => item.Principal!)
            .Index(item => item.DeviceId!);
    }
}

/// <summary>How far an account's audit trail has come.</summary>
/// <param name="Id">Always <see cref="Key"/>; the tenant is the account.</param>
/// <param name="Size">How many items it has, which is the next index.</param>
public sealed record AuditSize(string Id, long Size)
{
    public const string Key = "audit";
}

/// <summary>What a device was last called, for the items of its later events.</summary>
public sealed record AuditedDevice(Guid Id, string DeviceName, string DeviceType);
