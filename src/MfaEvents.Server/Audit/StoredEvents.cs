using MfaEvents.Core.Audit;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Audit;

/// <summary>
/// Reads events as the store keeps them, in the order of their sequence, before Marten makes anything of them: what is proven is
/// what is stored.
/// </summary>
public static class StoredEvents
{
    /// <summary>
    /// The first and the last instant that .NET has. PostgreSQL has more: what was re-dated to one of those is read as one of these, which
    /// nothing ever happened at.
    /// </summary>
    public const string FirstInstant = "'0001-01-01 00:00:00+00'";

    /// <inheritdoc cref="FirstInstant" />
    public const string LastInstant = "'9999-12-31 23:59:59.999999+00'";

    /// <summary>The events, and their columns in the order in which <see cref="Read"/> expects them.</summary>
    public const string Select =
        $"""
        select
            seq_id, tenant_id, id, stream_id, version, type,
            least(greatest(timestamp, {FirstInstant}), {LastInstant}), data::text, user_name, correlation_id, causation_id,
            headers ->> '{Origin.ActorIssuerHeader}', headers ->> '{Origin.SessionHeader}',
            headers ->> '{Origin.ClientAddressHeader}', headers ->> '{Origin.UserAgentHeader}',
            headers ->> '{Origin.ClientAddressSaltHeader}',
            headers ->> '{Origin.UserAgentSaltHeader}', headers ->> '{Origin.CommitmentHeader}', headers ->> '{Origin.ContactCommitmentHeader}'
        from {EventStore.Schema}.mt_events
        """;

    /// <summary>A tombstone only fills the numbers that a rolled-back command had drawn: nothing happened.</summary>
    public const string Happened = "type <> 'tombstone'";

    /// <summary>The event in the current row of a reader of <see cref="Select"/>.</summary>
    public static StoredEvent Read(NpgsqlDataReader row)
    {
        return new StoredEvent(
            row.GetInt64(0),
            row.GetString(1),
            row.GetGuid(2),
            row.GetString(3),
            row.GetInt64(4),
            row.GetString(5),
            row.GetFieldValue<DateTimeOffset>(6),
            row.GetFieldValue<byte[]>(7))
        {
            Actor = Text(8),
            CorrelationId = Text(9),
            CausationId = Text(10),
            ActorIssuer = Text(11),
            SessionId = Text(12),
            ClientAddress = Text(13),
            UserAgent = Text(14),
            ClientAddressSalt = Text(15),
            UserAgentSalt = Text(16),
            PersonalDataCommitment = Text(17),
            ContactCommitment = Text(18),
        };

        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }
}
