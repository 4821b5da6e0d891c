using System.Buffers;
using System.Globalization;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Devices;

/// <summary>How well one principal is covered by MFA.</summary>
/// <param name="Principal">The principal.</param>
/// <param name="Arn">Its ARN.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="Coverage">
/// The best that any of its devices is: <c>active</c>, <c>outOfSync</c>, <c>suspended</c>, <c>pending</c>, or <c>none</c> without any.
/// With the last two, the password alone signs in.
/// </param>
/// <param name="Active">Devices that sign in.</param>
/// <param name="OutOfSync">Devices that need a resync.</param>
/// <param name="Suspended">Devices that are out of use after too many failures.</param>
/// <param name="Pending">Devices that wait for their activation.</param>
/// <param name="LastUsedAt">When a code of any device it has was last accepted.</param>
public sealed record CoverageRow(
    string Principal,
    string Arn,
    DateTimeOffset CreatedAt,
    MfaCoverage Coverage,
    int Active,
    int OutOfSync,
    int Suspended,
    int Pending,
    DateTimeOffset? LastUsedAt)
{
    public static CoverageRow Of(string accountId, string principal, DateTimeOffset createdAt, PrincipalMfa? state)
    {
        var devices = state?.Devices ?? [];
        return new CoverageRow(
            principal,
            Core.Accounts.Arn.OfPrincipal(accountId, principal),
            createdAt,
            devices.Select(device => CoverageBy(device.Status)).DefaultIfEmpty(MfaCoverage.None).Max(),
            CountOf(DeviceStatus.Active),
            CountOf(DeviceStatus.OutOfSync),
            CountOf(DeviceStatus.Suspended),
            CountOf(DeviceStatus.Pending),
            devices.Max(device => device.LastUsedAt));

        int CountOf(DeviceStatus status) => devices.Count(device => device.Status == status);
    }

    private static MfaCoverage CoverageBy(DeviceStatus status) => status switch
    {
        DeviceStatus.Active => MfaCoverage.Active,
        DeviceStatus.OutOfSync => MfaCoverage.OutOfSync,
        DeviceStatus.Suspended => MfaCoverage.Suspended,
        _ => MfaCoverage.Pending,
    };
}

/// <summary>From the worst to the best.</summary>
public enum MfaCoverage
{
    None,
    Pending,
    Suspended,
    OutOfSync,
    Active,
}

public sealed record CoverageView(IReadOnlyList<CoverageRow> Principals);

/// <summary>
/// Lists every principal of an account with how well MFA covers it, the root user first: as JSON, or as CSV to whoever would rather have
/// that (<c>Accept: text/csv</c>).
/// </summary>
public static class ReadMfaCoverageEndpoint
{
    private static readonly string[] Columns =
        ["principal", "arn", "createdAt", "coverage", "active", "outOfSync", "suspended", "pending", "lastUsedAt"];

    [WolverineGet(Routes.MfaCoverage), Allow(Role.Owner, Role.Auditor, RootOnly = true)]
    [Answers(200, typeof(CoverageView)), Answers(200, ContentTypes = [Csv.ContentType])]
    public static async Task<IResult> Get(string accountId, HttpRequest request, IQuerySession session, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is not { } account) return Answer.Refuse(Problems.NotFound);
        var users = await session.Query<IamUser>().Where(user => user.DeletedAt == null).OrderBy(user => user.Id).ToListAsync(cancellation);
        var states = (await session.Query<PrincipalMfa>().ToListAsync(cancellation)).ToDictionary(state => state.Id);
        CoverageRow[] rows =
        [
            RowOf(Principal.Root, account.CreatedAt),
            .. users.Select(user => RowOf(Principal.User(user.UserName), user.CreatedAt)),
        ];
        return PrefersCsv(request) ? Sheet(accountId, rows, request.HttpContext.Response) : Answer.Ok(new CoverageView(rows));

        CoverageRow RowOf(string principal, DateTimeOffset createdAt) =>
            CoverageRow.Of(accountId, principal, createdAt, states.GetValueOrDefault(principal));
    }

    // RFC 9110 12.5.1; JSON unless CSV is named and liked better.
    private static bool PrefersCsv(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        var csv = accepted.Where(range => range.MediaType.Equals(Csv.ContentType, StringComparison.OrdinalIgnoreCase)).Max(QualityOf);
        var json = accepted.Where(range => range.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)).Max(QualityOf);
        return csv > (json ?? 0);

        static double? QualityOf(Microsoft.Net.Http.Headers.MediaTypeHeaderValue range) => range.Quality ?? 1;
    }

    private static IResult Sheet(string accountId, IEnumerable<CoverageRow> rows, HttpResponse response)
    {
        var sheet = new ArrayBufferWriter<byte>();
        Csv.WriteRow(sheet, Columns);
        foreach (var row in rows)
            Csv.WriteRow(
                sheet,
                row.Principal,
                row.Arn,
                Csv.Instant(row.CreatedAt),
                System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName($"{row.Coverage}"),
                Number(row.Active),
                Number(row.OutOfSync),
                Number(row.Suspended),
                Number(row.Pending),
                row.LastUsedAt is { } used ? Csv.Instant(used) : null);
        response.Headers.ContentDisposition = $"attachment; filename=\"mfa-coverage-{accountId}.csv\"";
        return Results.Bytes(sheet.WrittenMemory.ToArray(), Csv.ContentType + "; charset=utf-8");
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
