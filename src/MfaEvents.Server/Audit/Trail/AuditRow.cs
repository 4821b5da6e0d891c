using System.Text;
using MfaEvents.Core.Audit;
using Npgsql;

namespace MfaEvents.Server.Audit.Trail;

/// <summary>A row of the trail: an entry, and the greatest time until then.</summary>
public sealed record AuditRow(AuditEntry Entry, DateTimeOffset LatestAt)
{
    /// <summary>Rows column by column, in the order of <see cref="AuditTables.ItemColumns"/>.</summary>
    public static object[] Columns(IReadOnlyList<AuditRow> rows) =>
    [
        rows.Select(row => row.Entry.Event.AccountId).ToArray(),
        rows.Select(row => row.Entry.Index).ToArray(),
        rows.Select(row => row.Entry.Event.Sequence).ToArray(),
        rows.Select(row => row.Entry.Event.EventId).ToArray(),
        rows.Select(row => row.Entry.Principal).ToArray(),
        rows.Select(row => row.Entry.Event.Stream).ToArray(),
        rows.Select(row => row.Entry.Event.Version).ToArray(),
        rows.Select(row => row.Entry.Event.EventType).ToArray(),
        rows.Select(row => row.Entry.Event.OccurredAt.ToUniversalTime()).ToArray(),
        rows.Select(row => row.LatestAt.ToUniversalTime()).ToArray(),
        rows.Select(row => AuditCopy.Cut(row.Entry.Event.Actor)).ToArray(),
        rows.Select(row => AuditCopy.Cut(row.Entry.Event.ActorIssuer)).ToArray(),
        rows.Select(row => row.Entry.Event.SessionId).ToArray(),
        rows.Select(row => AuditCopy.Cut(row.Entry.Event.ClientAddress)).ToArray(),
        rows.Select(row => AuditCopy.Cut(row.Entry.Event.UserAgent)).ToArray(),
        rows.Select(row => AuditCopy.Cut(row.Entry.Event.CorrelationId)).ToArray(),
        rows.Select(row => AuditCopy.Cut(row.Entry.Event.CausationId)).ToArray(),
        rows.Select(row => row.Entry.Device?.Id.ToString()).ToArray(),
        rows.Select(row => row.Entry.Device?.Name).ToArray(),
        rows.Select(row => row.Entry.Device?.Type).ToArray(),
        rows.Select(row => row.Entry.Event.PersonalDataCommitment).ToArray(),
        rows.Select(row => row.Entry.Event.ContactCommitment).ToArray(),
        rows.Select(row => Encoding.UTF8.GetString(row.Entry.Event.Data.Span)).ToArray(),
    ];

    /// <summary>The same row alone.</summary>
    public object?[] Values() =>
    [
        Entry.Event.AccountId,
        Entry.Index,
        Entry.Event.Sequence,
        Entry.Event.EventId,
        Entry.Principal,
        Entry.Event.Stream,
        Entry.Event.Version,
        Entry.Event.EventType,
        Entry.Event.OccurredAt.ToUniversalTime(),
        LatestAt.ToUniversalTime(),
        AuditCopy.Cut(Entry.Event.Actor),
        AuditCopy.Cut(Entry.Event.ActorIssuer),
        Entry.Event.SessionId,
        AuditCopy.Cut(Entry.Event.ClientAddress),
        AuditCopy.Cut(Entry.Event.UserAgent),
        AuditCopy.Cut(Entry.Event.CorrelationId),
        AuditCopy.Cut(Entry.Event.CausationId),
        Entry.Device?.Id,
        Entry.Device?.Name,
        Entry.Device?.Type,
        Entry.Event.PersonalDataCommitment,
        Entry.Event.ContactCommitment,
        Encoding.UTF8.GetString(Entry.Event.Data.Span),
    ];

    /// <summary>The columns that <see cref="Read"/> expects.</summary>
    public static string Select { get; } =
        $"select {string.Join(", ", AuditTables.ItemColumns.Select(Selected))} from {AuditTables.Items}";

    /// <summary>The row a reader of <see cref="Select"/> stands on. Long texts are as the copy has them: cut.</summary>
    public static AuditRow Read(NpgsqlDataReader row)
    {
        var stored = new StoredEvent(
            row.GetInt64(2),
            row.GetString(0),
            row.GetGuid(3),
            row.GetString(5),
            row.GetInt64(6),
            row.GetString(7),
            row.GetFieldValue<DateTimeOffset>(8),
            row.GetFieldValue<byte[]>(22))
        {
            Actor = Text(10),
            ActorIssuer = Text(11),
            SessionId = Text(12),
            ClientAddress = Text(13),
            UserAgent = Text(14),
            CorrelationId = Text(15),
            CausationId = Text(16),
            PersonalDataCommitment = Text(20),
            ContactCommitment = Text(21),
        };
        var device = row.IsDBNull(17) ? null : new DeviceLabel(row.GetGuid(17), Text(18), Text(19));
        return new AuditRow(new AuditEntry(row.GetInt64(1), stored, Text(4), device), row.GetFieldValue<DateTimeOffset>(9));

        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }

    /// <summary>The row as an answer shows it.</summary>
    public AuditItem ToItem(EventData data)
    {
        var stored = Entry.Event;
        return new AuditItem(
            Entry.Index,
            Entry.Principal,
            stored.EventId,
            stored.Stream,
            stored.Version,
            stored.EventType,
            stored.OccurredAt,
            stored.Actor,
            stored.ClientAddress,
            stored.UserAgent,
            stored.CorrelationId,
            Entry.Device?.Id,
            Entry.Device?.Name,
            Entry.Device?.Type,
            data.Shown(stored));
    }

    private static string Selected((string Name, string Type) column) => column.Type switch
    {
        "jsonb" => $"{column.Name}::text",
        "timestamptz" => $"least(greatest({column.Name}, {StoredEvents.FirstInstant}), {StoredEvents.LastInstant})",
        _ => column.Name,
    };
}
