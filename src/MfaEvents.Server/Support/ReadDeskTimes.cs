using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using Npgsql;
using Wolverine.Http;

namespace MfaEvents.Server.Support;

/// <summary>How long something took, in seconds, over all removals; null while there is none.</summary>
public sealed record Took(double? Shortest, double? Median, double? P90, double? Longest);

/// <summary>How long one removal took.</summary>
/// <param name="CaseId">The case.</param>
/// <param name="AccountId">Its account.</param>
/// <param name="Principal">Whom it was about.</param>
/// <param name="RequestedBy">Who asked.</param>
/// <param name="ApprovedBy">Who approved.</param>
/// <param name="RequestedAt">When it was asked for.</param>
/// <param name="ApprovedAt">When it was approved: soon after is a look at little evidence.</param>
/// <param name="ExecutedAt">When it happened.</param>
public sealed record RemovalTime(
    Guid CaseId,
    string AccountId,
    string Principal,
    string RequestedBy,
    string ApprovedBy,
    DateTimeOffset RequestedAt,
    DateTimeOffset ApprovedAt,
    DateTimeOffset ExecutedAt);

/// <summary>How long removals take.</summary>
/// <param name="Removals">How many there were.</param>
/// <param name="RequestToApproval">How long the second person took.</param>
/// <param name="RequestToExecution">How long it took altogether.</param>
/// <param name="Quickest">Those that were approved the quickest.</param>
public sealed record DeskTimesView(
    long Removals, Took RequestToApproval, Took RequestToExecution, IReadOnlyList<RemovalTime> Quickest);

/// <summary>How long removals take from request to approval and to execution, for the auditor of the desk.</summary>
public static class ReadDeskTimesEndpoint
{
    private const string Executed =
        $"""
        from {CaseTable.Name} where executed_at is not null and ($1::text[] is null or account_id = any($1))
            and ($2::timestamptz is null or executed_at >= $2) and ($3::timestamptz is null or executed_at < $3)
        """;

    private const string ToApproval = "extract(epoch from decided_at - requested_at)::float8";
    private const string ToExecution = "extract(epoch from executed_at - requested_at)::float8";

    private const string Figures = $"select count(*), {OfToApproval}, {OfToExecution} {Executed}";

    private const string OfToApproval =
        $"""
        min({ToApproval}), percentile_cont(0.5) within group (order by {ToApproval}),
        percentile_cont(0.9) within group (order by {ToApproval}), max({ToApproval})
        """;

    private const string OfToExecution =
        $"""
        min({ToExecution}), percentile_cont(0.5) within group (order by {ToExecution}),
        percentile_cont(0.9) within group (order by {ToExecution}), max({ToExecution})
        """;

    private const string Rows =
        $"""
        select case_id, account_id, principal, requested_by, decided_by, requested_at, decided_at, executed_at {Executed}
        order by {ToApproval}, case_id limit 50
        """;

    [WolverineGet(Routes.Cases + "/times"), NotTenanted, Allow(Role.Auditor)]
    [Answers(200, typeof(DeskTimesView))]
    [Queries("from", "Removals from this instant on, inclusive."), Queries("to", "Removals before this instant.")]
    public static async Task<Answer> Get(
        HttpRequest request, Caller caller, IDirectoryStore directory, CancellationToken cancellation)
    {
        var query = new QueryReader(request);
        var (from, to) = (query.Instant("from"), query.Instant("to"));
        if (query.Refusal is { } refusal) return refusal;

        await using var session = directory.QuerySession();
        var figures = await DeskTable.ReadAsync(
            session, Figures, row => (Count: row.GetInt64(0), Approval: Of(row, 1), Execution: Of(row, 5)), cancellation, Asked());
        var quickest = await DeskTable.ReadAsync(session, Rows, Item, cancellation, Asked());
        return Answer.Ok(new DeskTimesView(figures[0].Count, figures[0].Approval, figures[0].Execution, quickest));

        NpgsqlParameter[] Asked() => [DeskTable.Seen(caller), DeskTable.Instant(from), DeskTable.Instant(to)];
    }

    private static RemovalTime Item(NpgsqlDataReader row) => new(
        row.GetGuid(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3),
        row.GetString(4),
        row.GetFieldValue<DateTimeOffset>(5),
        row.GetFieldValue<DateTimeOffset>(6),
        row.GetFieldValue<DateTimeOffset>(7));

    private static Took Of(NpgsqlDataReader row, int first)
    {
        return new Took(Seconds(0), Seconds(1), Seconds(2), Seconds(3));

        double? Seconds(int column) => row.IsDBNull(first + column) ? null : row.GetDouble(first + column);
    }
}
