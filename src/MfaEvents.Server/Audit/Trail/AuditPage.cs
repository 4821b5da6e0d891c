using System.Text.Json;
using Marten;
using MfaEvents.Server.Audit.Log;
using Npgsql;

namespace MfaEvents.Server.Audit.Trail;

/// <summary>One line of an account's audit trail: an event with who, when and from where.</summary>
/// <param name="Index">Dense per account from 0, oldest first.</param>
/// <param name="Principal">Whom it is about; null for the account itself.</param>
/// <param name="EventId">The event's own id.</param>
/// <param name="Stream">The stream it was appended to.</param>
/// <param name="Version">Its number in that stream, from 1.</param>
/// <param name="EventType">The stored name of the event.</param>
/// <param name="OccurredAt">When it was decided.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="SourceAddress">The network address of the request.</param>
/// <param name="UserAgent">What the client called itself.</param>
/// <param name="CorrelationId">What else belongs to the same request.</param>
/// <param name="DeviceId">The device that it names.</param>
/// <param name="DeviceName">What the device was called then.</param>
/// <param name="DeviceType">The device's type.</param>
/// <param name="Data">The event itself.</param>
public sealed record AuditItem(
    long Index,
    string? Principal,
    Guid EventId,
    string Stream,
    long Version,
    string EventType,
    DateTimeOffset OccurredAt,
    string? Actor,
    string? SourceAddress,
    string? UserAgent,
    string? CorrelationId,
    Guid? DeviceId,
    string? DeviceName,
    string? DeviceType,
    JsonElement Data);

/// <summary>A page of one account's audit trail, newest first, of the items that meet every condition.</summary>
public sealed class AuditPage(string accountId)
{
    private const string Columns =
        """
        index, principal, event_id, stream, version, event_type, occurred_at, actor, source_address, user_agent, correlation_id,
        device_id, device_name, device_type, data
        """;

    private readonly List<string> conditions = ["account_id = $1"];
    private readonly List<object> values = [accountId];

    /// <summary>Only items whose column compares so to the value; no condition when that is null.</summary>
    public AuditPage Where(string column, string comparison, object? value)
    {
        if (value is null) return this;
        values.Add(value);
        conditions.Add($"{column} {comparison} ${values.Count}");
        return this;
    }

    /// <summary>
    /// Only items of a time. Where it begins and ends in the trail is found by the greatest time so far, which ascends with the index:
    /// no item is read that is far from it.
    /// </summary>
    /// <param name="from">Inclusive; null for the beginning.</param>
    /// <param name="to">Exclusive; null for the end.</param>
    public AuditPage Between(DateTimeOffset? from, DateTimeOffset? to)
    {
        if (from is not null)
        {
            Where("occurred_at", ">=", from.Value.ToUniversalTime());
            conditions.Add(
                $"""
                index >= (
                    select index from {AuditTables.Items} where account_id = $1 and latest_at >= ${values.Count}
                    order by latest_at, index limit 1)
                """);
        }

        if (to is not null)
        {
            Where("occurred_at", "<", to.Value.ToUniversalTime());
            conditions.Add(
                $"""
                index <= (
                    select index from {AuditTables.Items} where account_id = $1 and latest_at < ${values.Count} + make_interval(secs =>
                        (select skew_seconds from {LogTables.Sizes} where account_id = $1))
                    order by latest_at desc, index desc limit 1)
                """);
        }

        return this;
    }

    public async Task<IReadOnlyList<AuditItem>> ReadAsync(
        IQuerySession session, EventData data, int limit, CancellationToken cancellation)
    {
        await using var connection = (NpgsqlConnection)session.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            $"select {Columns} from {AuditTables.Items} where {string.Join(" and ", conditions)} order by index desc limit {limit}",
            connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var items = new List<AuditItem>();
        while (await reader.ReadAsync(cancellation)) items.Add(Item(reader, data));
        return items;
    }

    private static AuditItem Item(NpgsqlDataReader row, EventData data)
    {
        return new AuditItem(
            row.GetInt64(0),
            Text(1),
            row.GetGuid(2),
            row.GetString(3),
            row.GetInt64(4),
            row.GetString(5),
            row.GetFieldValue<DateTimeOffset>(6),
            Text(7),
            Text(8),
            Text(9),
            Text(10),
            row.IsDBNull(11) ? null : row.GetGuid(11),
            Text(12),
            Text(13),
            data.Shown(row.GetString(5), row.GetString(14)));

        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }
}
