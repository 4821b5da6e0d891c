using System.Text;
using MfaEvents.Core.Audit;

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
}
