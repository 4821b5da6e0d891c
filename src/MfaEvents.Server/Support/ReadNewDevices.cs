using Marten;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Support;

/// <summary>A device that was activated after a removal, from an address that its principal had never been seen at.</summary>
/// <param name="CaseId">The case of the removal.</param>
/// <param name="AccountId">Its account.</param>
/// <param name="Principal">Whose device it is.</param>
/// <param name="ExecutedAt">When the removal was.</param>
/// <param name="DeviceId">The device.</param>
/// <param name="DeviceName">What it is called.</param>
/// <param name="ActivatedAt">When.</param>
/// <param name="SourceAddress">From where.</param>
public sealed record NewDevice(
    Guid CaseId,
    string AccountId,
    string Principal,
    DateTimeOffset ExecutedAt,
    Guid DeviceId,
    string? DeviceName,
    DateTimeOffset ActivatedAt,
    string SourceAddress);

/// <summary>Devices that were activated after removals, the latest removal first.</summary>
/// <param name="Items">The devices.</param>
/// <param name="Removals">How many removals were looked at.</param>
public sealed record NewDevicesView(IReadOnlyList<NewDevice> Items, int Removals);

/// <summary>
/// Removals that were followed, within their watch period, by a new device from an address never seen before, which is one that no
/// device was used from: how a removal by a deceived desk looks. It reads the audit trail, which lags behind events by a moment.
/// </summary>
public static class ReadNewDevicesEndpoint
{
    private const int DefaultLimit = 100;
    private const int MostLimit = 500;

    private const string Removals =
        $"""
        select case_id, account_id, principal, executed_at from {CaseTable.Name}
        where executed_at is not null and ($1::text[] is null or account_id = any($1))
            and ($2::timestamptz is null or executed_at >= $2) and ($3::timestamptz is null or executed_at < $3)
        order by executed_at desc, case_id limit
        """;

    private const string Devices =
        $"""
        select device_id, device_name, occurred_at, source_address from {AuditTables.Items} item
        where account_id = $1 and principal = $2 and stream = $2 and event_type = 'device_activated'
            and occurred_at >= $3 and occurred_at < $4 and source_address is not null
            and not exists (
                select from {AuditTables.Items} seen
                where seen.account_id = $1 and seen.principal = $2 and seen.stream = $2 and seen.occurred_at < $3
                    and seen.source_address = item.source_address
                    and (seen.event_type = 'device_activated' or (seen.event_type = 'signed_in' and seen.data ->> 'factor' = 'otp')))
        order by index
        """;

    [WolverineGet(Routes.Cases + "/new-devices"), NotTenanted, Allow(Role.Auditor)]
    [Answers(200, typeof(NewDevicesView))]
    [Queries("from", "Removals from this instant on, inclusive."), Queries("to", "Removals before this instant.")]
    [Queries("limit", "How many removals to look at, the latest first, at most 500.")]
    public static async Task<Answer> Get(
        HttpRequest request,
        Caller caller,
        IDirectoryStore directory,
        IDocumentStore accounts,
        MfaEventsSettings settings,
        CancellationToken cancellation)
    {
        var query = new QueryReader(request);
        var (from, to) = (query.Instant("from"), query.Instant("to"));
        var limit = query.Whole("limit", 1, MostLimit) ?? DefaultLimit;
        if (query.Refusal is { } refusal) return refusal;

        await using var session = directory.QuerySession();
        var removals = await DeskTable.ReadAsync(
            session,
            $"{Removals} {limit}",
            row => (
                CaseId: row.GetGuid(0),
                AccountId: row.GetString(1),
                Principal: row.GetString(2),
                At: row.GetFieldValue<DateTimeOffset>(3)),
            cancellation,
            DeskTable.Seen(caller),
            DeskTable.Instant(from),
            DeskTable.Instant(to));

        var items = new List<NewDevice>();
        foreach (var (caseId, accountId, principal, at) in removals)
        {
            await using var account = accounts.QuerySession(accountId);
            items.AddRange(await DeskTable.ReadAsync(
                account,
                Devices,
                row => new NewDevice(
                    caseId,
                    accountId,
                    principal,
                    at,
                    row.GetGuid(0),
                    row.IsDBNull(1) ? null : row.GetString(1),
                    row.GetFieldValue<DateTimeOffset>(2),
                    row.GetString(3)),
                cancellation,
                DeskTable.Text(accountId),
                DeskTable.Text(principal),
                DeskTable.Instant(at),
                DeskTable.Instant(at + settings.Support.WatchPeriod)));
        }

        return Answer.Ok(new NewDevicesView(items, removals.Count));
    }
}
