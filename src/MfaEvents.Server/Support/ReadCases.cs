using System.Globalization;
using Marten;
using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using Npgsql;
using Wolverine.Http;

namespace MfaEvents.Server.Support;

/// <summary>A case in the desk's queue.</summary>
/// <param name="CaseId">The case.</param>
/// <param name="AccountId">Its account.</param>
/// <param name="Principal">Whom it is about.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reference">What the desk's own system calls it.</param>
/// <param name="OpenedBy">Who opened it.</param>
/// <param name="OpenedAt">When.</param>
/// <param name="WaitsFor">
/// Who has to do something: <c>agent</c>, <c>approver</c>, <c>owner</c>, who may veto until it executes, or <c>operator</c>, while the
/// owner could not be told of the removal; null when nobody has.
/// </param>
/// <param name="Waits">Who waits for them.</param>
/// <param name="WaitsSince">Since when.</param>
/// <param name="NotBy">Who had a part in the case, and cannot be the approver.</param>
/// <param name="Due">When it comes to something by itself: it expires, or is executed.</param>
public sealed record CaseItem(
    Guid CaseId,
    string AccountId,
    string Principal,
    CaseState State,
    string Reference,
    string OpenedBy,
    DateTimeOffset OpenedAt,
    string? WaitsFor,
    string? Waits,
    DateTimeOffset? WaitsSince,
    IReadOnlyList<string> NotBy,
    DateTimeOffset? Due);

/// <summary>A page of the queue, oldest first.</summary>
/// <param name="Items">The cases.</param>
/// <param name="NextCursor">Where the next page begins; null on the last one.</param>
public sealed record CasesView(IReadOnlyList<CaseItem> Items, string? NextCursor);

/// <summary>The desk's queue over all accounts, oldest first, with who waits for whom.</summary>
public static class ReadCasesEndpoint
{
    private const int DefaultLimit = 50;
    private const int MostLimit = 500;

    private const string Columns =
        """
        case_id, account_id, principal, state, reference, opened_by, opened_at, expires_at, agents, requested_by, requested_at,
        decided_by, decided_at, executes_at, executed_at, code_issued
        """;

    // Undecided and over its time a case has expired, whether its message has come or not.
    private const string StateNow =
        "case when state in ('open', 'requested') and expires_at <= {0} then 'expired' else state end";

    [WolverineGet(Routes.Cases), NotTenanted, Allow(Role.SupportAgent, Role.SupportApprover, Role.Auditor)]
    [Answers(200, typeof(CasesView))]
    [Queries("state", "Cases in this state alone.")]
    [Queries("agent", "Cases in which this person had a part before the decision.")]
    [Queries("approver", "Cases that this person approved or refused.")]
    [Queries("cursor", "nextCursor of the page before."), Queries("limit", "How many items, at most 500.")]
    public static async Task<Answer> Get(
        HttpRequest request, Caller caller, IDirectoryStore directory, TimeProvider clock, CancellationToken cancellation)
    {
        var query = new QueryReader(request);
        var (state, agent, approver) = (StateIn(query), query.Text("agent"), query.Text("approver"));
        var limit = (int)(query.Whole("limit", 1, MostLimit) ?? DefaultLimit);
        var after = After(query);
        var now = clock.GetUtcNow();
        if (query.Refusal is { } refusal) return refusal;

        await using var session = directory.QuerySession();
        var page = await new DeskQuery($"select {Columns} from {CaseTable.Name}")
            .Where("account_id = any({0})", (object?)(caller.Accounts.Count == 0 ? null : caller.Accounts.ToArray()))
            .Where("state = any({0})", (object?)(state is { } shown ? StoredAs(shown) : null))
            .Where($"{StateNow} = {{1}}", now, state is { } wanted ? QueuedCases.Word(wanted) : null)
            .Where("{0} = any(agents)", agent)
            .Where("decided_by = {0}", approver)
            .Where("(opened_at, case_id) > ({0}, {1})", after?.At, after?.Id)
            .ReadAsync(session, $"order by opened_at, case_id limit {limit + 1}", row => Item(row, now), cancellation);
        return Answer.Ok(new CasesView(
            [.. page.Take(limit)], page.Count > limit ? CursorAfter(page[limit - 1]) : null));
    }

    private static CaseItem Item(NpgsqlDataReader row, DateTimeOffset now)
    {
        var state = Enum.Parse<CaseState>(row.GetString(3), ignoreCase: true);
        if (state is CaseState.Open or CaseState.Requested && now >= row.GetFieldValue<DateTimeOffset>(7)) state = CaseState.Expired;
        var (openedBy, openedAt) = (row.GetString(5), row.GetFieldValue<DateTimeOffset>(6));
        var (waitsFor, waits, since, due) = state switch
        {
            CaseState.Open => ("agent", "owner", openedAt, Instant(7)),
            CaseState.Requested => ("approver", row.GetString(9), Instant(10), Instant(7)),
            CaseState.CoolingOff when row.IsDBNull(13) => ("operator", "owner", Instant(12), Instant(7)),
            CaseState.CoolingOff => ("owner", row.GetString(9), Instant(12), Instant(13)),
            CaseState.Executed when !row.GetBoolean(15) => ("approver", "owner", Instant(14), null),
            _ => ((string?)null, (string?)null, (DateTimeOffset?)null, (DateTimeOffset?)null),
        };
        return new CaseItem(
            row.GetGuid(0),
            row.GetString(1),
            row.GetString(2),
            state,
            row.GetString(4),
            openedBy,
            openedAt,
            waitsFor,
            waits,
            since,
            row.GetFieldValue<string[]>(8),
            due);

        DateTimeOffset? Instant(int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
    }

    private static string[] StoredAs(CaseState shown) =>
        shown == CaseState.Expired
            ? [QueuedCases.Word(CaseState.Open), QueuedCases.Word(CaseState.Requested), QueuedCases.Word(shown)]
            : [QueuedCases.Word(shown)];

    private static CaseState? StateIn(QueryReader query)
    {
        if (query.Text("state") is not { } text) return null;
        foreach (var state in Enum.GetValues<CaseState>())
            if (QueuedCases.Word(state) == text) return state;
        query.Refuse("state", $"state must be one of {string.Join(", ", Enum.GetValues<CaseState>().Select(QueuedCases.Word))}.");
        return null;
    }

    private static string CursorAfter(CaseItem last) =>
        Cursor.Write("case", last.OpenedAt.UtcTicks.ToString(CultureInfo.InvariantCulture), last.CaseId.ToString());

    private static (DateTimeOffset At, Guid Id)? After(QueryReader query)
    {
        if (query.Text("cursor") is not { } text) return null;
        if (Cursor.Read(text) is ["case", var ticks, var id]
            && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= DateTimeOffset.MaxValue.Ticks
            && Uuid.Parse(id) is { } caseId)
            return (new DateTimeOffset(number, TimeSpan.Zero), caseId);
        query.Refuse("cursor", "cursor must be the nextCursor of an earlier page.");
        return null;
    }
}

/// <summary>A question to the table of all cases.</summary>
public sealed class DeskQuery(string select)
{
    private readonly List<string> conditions = [];
    private readonly List<object> values = [];

    /// <summary>Only rows of which the condition holds; none when a value is null.</summary>
    public DeskQuery Where(string condition, params object?[] compared)
    {
        if (Array.Exists(compared, value => value is null)) return this;
        object[] names = [.. compared.Select((_, i) => $"${values.Count + i + 1}")];
        conditions.Add(string.Format(CultureInfo.InvariantCulture, condition, names));
        values.AddRange(compared!);
        return this;
    }

    public async Task<IReadOnlyList<T>> ReadAsync<T>(
        IQuerySession session, string rest, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        await using var connection = (NpgsqlConnection)session.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        var where = conditions.Count == 0 ? "" : $"where {string.Join(" and ", conditions)}";
        await using var command = new NpgsqlCommand($"{select} {where} {rest}", connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation)) rows.Add(read(reader));
        return rows;
    }
}
