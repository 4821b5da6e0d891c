using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using Npgsql;
using Wolverine.Http;

namespace MfaEvents.Server.Support;

/// <summary>What an approver decided of an agent's requests.</summary>
/// <param name="Agent">Who asked.</param>
/// <param name="Approver">Who decided.</param>
/// <param name="Approved">How often the approver approved.</param>
/// <param name="Refused">How often the approver refused.</param>
/// <param name="ApprovedInReturn">How often the agent, as an approver, approved what the approver, as an agent, asked for.</param>
/// <param name="RefusedInReturn">How often the agent refused that.</param>
/// <param name="DecidedOfAgent">How many requests of the agent were decided by anybody.</param>
/// <param name="DecidedByApprover">How many requests of anybody the approver decided.</param>
/// <param name="AlwaysEachOther">Both ways, and never a refusal: what an auditor looks at first.</param>
public sealed record DeskPair(
    string Agent,
    string Approver,
    long Approved,
    long Refused,
    long ApprovedInReturn,
    long RefusedInReturn,
    long DecidedOfAgent,
    long DecidedByApprover,
    bool AlwaysEachOther);

public sealed record DeskPairsView(IReadOnlyList<DeskPair> Items);

/// <summary>
/// Who decides whose requests, for the auditor of the desk: two who always approve each other come first, then those who never
/// refused.
/// </summary>
public static class ReadDeskPairsEndpoint
{
    private const string Pairs =
        $"""
        with decided as (
            select requested_by as agent, decided_by as approver,
                count(*) filter (where executes_at is not null) as approved, count(*) filter (where executes_at is null) as refused
            from {CaseTable.Name}
            where decided_by is not null and ($1::text[] is null or account_id = any($1))
            group by requested_by, decided_by)
        select one.agent, one.approver, one.approved, one.refused, coalesce(other.approved, 0), coalesce(other.refused, 0),
            sum(one.approved + one.refused) over (partition by one.agent)::bigint,
            sum(one.approved + one.refused) over (partition by one.approver)::bigint,
            one.refused = 0 and coalesce(other.approved, 0) > 0 and coalesce(other.refused, 0) = 0 as always
        from decided one left join decided other on other.agent = one.approver and other.approver = one.agent
        order by always desc, one.refused = 0 desc, one.approved desc, one.agent, one.approver limit 500
        """;

    [WolverineGet(Routes.Cases + "/pairs"), NotTenanted, Allow(Role.Auditor)]
    [Answers(200, typeof(DeskPairsView))]
    public static async Task<Answer> Get(Caller caller, IDirectoryStore directory, CancellationToken cancellation)
    {
        await using var session = directory.QuerySession();
        return Answer.Ok(new DeskPairsView(await DeskTable.ReadAsync(session, Pairs, Pair, cancellation, DeskTable.Seen(caller))));
    }

    private static DeskPair Pair(NpgsqlDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        row.GetInt64(2),
        row.GetInt64(3),
        row.GetInt64(4),
        row.GetInt64(5),
        row.GetInt64(6),
        row.GetInt64(7),
        row.GetBoolean(8));
}
