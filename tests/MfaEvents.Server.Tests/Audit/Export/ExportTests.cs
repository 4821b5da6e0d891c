using System.Globalization;
using System.Text;
using System.Text.Json;
using MfaEvents.Core.Audit;

namespace MfaEvents.Server.Tests.Audit.Export;

public sealed class ExportTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    public static TheoryData<string, string> WrongQueries => new()
    {
        { "format=xml", "format" }, { "format=", "format" }, { "", "format" }, { "format=CSV", "format" }, { "format=csv&format=log", "format" },
        { "format=csv&from=yesterday", "from" }, { "format=csv&to=2026-11-24", "to" }, { "format=csv&fromIndex=-1", "fromIndex" },
        { "format=csv&fromIndex=x", "fromIndex" }, { "format=csv&fromIndex=1000000", "fromIndex" }, { "format=ocsf&ocsfUserManagement=3002", "ocsfUserManagement" },
    };

    [Theory]
    [InlineData("cloudevents", "application/x-ndjson", "ndjson"), InlineData("ocsf", "application/x-ndjson", "ndjson")]
    [InlineData("csv", "text/csv", "csv"), InlineData("log", "application/x-ndjson", "ndjson")]
    public async Task An_export_says_what_it_is_how_long_the_log_is_and_which_checkpoint_covers_it(string format, string type, string extension)
    {
        var account = await api.RegisteredAccount();
        var size = await account.Grown(5);

        var exported = await account.Exported($"format={format}");

        exported.Response.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        exported.Response.Content.Headers.ContentDisposition!.ToString().ShouldBe($"attachment; filename=\"audit-{account.Id}-{format}.{extension}\"");
        exported.Size.ShouldBe(size);
        exported.Checkpoint.Size.ShouldBe(size);
        exported.Checkpoint.Origin.ShouldEndWith($"/accounts/{account.Id}/audit");
        exported.Lines.Count.ShouldBe((int)size + (format switch { "csv" => 2, "log" => 0, _ => 1 }));
    }

    [Fact]
    public async Task The_lines_of_the_log_are_the_leaves_that_the_signed_root_is_made_of()
    {
        var account = await api.RegisteredAccount();
        await account.Grown(1000);

        // The trail cuts what is too long for an index; the leaf does not.
        await using (var session = api.Store.LightweightSession(account.Id))
        {
            session.CorrelationId = new string('y', 3000);
            session.Events.Append("root", new Core.SignIn.SessionEnded(Guid.NewGuid()));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        await account.Logged();
        var exported = await account.Exported("format=log");

        var tree = new TreeFrontier();
        foreach (var line in exported.Lines) tree.Append(MerkleHash.OfLeaf(Encoding.UTF8.GetBytes(line)));
        tree.Size.ShouldBe(exported.Size);
        tree.Root.ShouldBe(exported.Checkpoint.Root);
    }

    [Theory]
    [InlineData("cloudevents"), InlineData("ocsf"), InlineData("csv"), InlineData("log")]
    public async Task Whoever_breaks_off_at_any_byte_goes_on_behind_the_last_whole_line_and_has_everything_once(string format)
    {
        var account = await api.RegisteredAccount();
        await account.Grown(2500);
        var whole = await account.Exported($"format={format}");
        var received = new StringBuilder();
        long next = 0;
        while (next < whole.Size)
        {
            var bytes = await account.BrokenOff($"format={format}&fromIndex={next}", System.Security.Cryptography.RandomNumberGenerator.GetInt32(200, 300_000));
            var text = Encoding.UTF8.GetString(bytes);
            var lines = text[..(text.LastIndexOf('\n') + 1)];
            received.Append(lines);
            var indexes = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => IndexOf(format, line)).OfType<long>().ToList();
            if (indexes.Count > 0) next = indexes[^1] + 1;
        }

        // What ends an export has the time in it at which that one began.
        var lines1 = received.ToString().Split('\n').Where(line => IsItem(format, line));
        lines1.ShouldBe(whole.Lines.Where(line => IsItem(format, line)));
    }

    [Fact]
    public async Task Oldest_comes_first_and_instants_bound_it_as_they_bound_the_trail()
    {
        var account = await api.RegisteredAccount();
        foreach (var _ in Enumerable.Range(0, 4)) await account.CreatedUser();
        await account.Logged();
        var all = (await account.Exported("format=cloudevents")).Json;
        var times = all.SkipLast(1).Select(line => line.GetProperty("time").GetDateTimeOffset()).ToList();
        times.ShouldBe(times.Order());
        var instants = times.Distinct().ToList();
        var (from, to) = (instants[1], instants[^1]);

        var part = (await account.Exported($"format=cloudevents&from={Instant(from)}&to={Instant(to)}")).Json;

        part.SkipLast(1).Select(Id).ShouldBe(
            all.SkipLast(1).Where(line => line.GetProperty("time").GetDateTimeOffset() is var at && at >= from && at < to).Select(Id));
        part.Count.ShouldBeGreaterThan(2);
        (await account.Exported($"format=log&from={Instant(to)}&to={Instant(from)}")).Lines.ShouldBeEmpty();
        (await account.Exported($"format=log&from=2000-01-01T00:00:00Z&to=2001-01-01T00:00:00Z")).Lines.ShouldBeEmpty();
        (await account.Exported($"format=log&from=2100-01-01T00:00:00Z")).Lines.ShouldBeEmpty();
        (await account.Exported($"format=log&to=2100-01-01T00:00:00Z")).Lines.Count.ShouldBe(all.Count - 1);
    }

    [Fact]
    public async Task Behind_the_end_there_is_nothing_but_the_checkpoint_and_beyond_it_a_refusal()
    {
        var account = await api.RegisteredAccount();
        var size = await account.Grown(3);
        (await account.Exported($"format=log&fromIndex={size}")).Text.ShouldBeEmpty();
        (await account.Exported($"format=csv&fromIndex={size}")).Lines.ShouldHaveSingleItem().ShouldContain("checkpoint");
        (await account.Root.Export(account, $"format=log&fromIndex={size + 1}")).ShouldFindFault("fromIndex");
    }

    [Theory, MemberData(nameof(WrongQueries))]
    public async Task A_wrong_query_is_refused(string query, string member)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Export(account, query)).ShouldFindFault(member);
    }

    [Fact]
    public async Task Root_and_auditors_alone_export()
    {
        var account = await api.RegisteredAccount();
        var other = await api.RegisteredAccount();
        var user = await account.CreatedUser();
        await account.Logged();
        (await account.Root.Export(account, "format=log")).Status.ShouldBe(200);
        (await account.A("auditor").Export(account, "format=log")).Status.ShouldBe(200);
        (await user.Export(account, "format=log")).ShouldRefuse(403, "forbidden");
        (await other.Root.Export(account, "format=log")).ShouldRefuse(404, "not-found");
        (await other.A("auditor").Export(account, "format=log")).ShouldRefuse(404, "not-found");
        foreach (var role in (string[])["service", "support-agent", "support-approver", "operator", "provisioner"])
            (await account.A(role).Export(account, "format=log")).ShouldRefuse(403, "forbidden");
        (await api.Nobody().Export(account, "format=log")).ShouldRefuse(401, "unauthenticated");
        (await api.A("auditor").Get("/accounts/000000000000/audit/export?format=log")).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task A_row_that_is_gone_is_no_gap_that_nobody_sees()
    {
        var account = await api.RegisteredAccount();
        await account.Grown(3);
        await api.RowsAsync("delete from mfa.audit_item where account_id = $1 and index = 2 returning 1", account.Id);
        (await account.Root.Export(account, "format=csv")).ShouldRefuse(500, "unexpected");
    }

    [Fact]
    public async Task It_holds_no_connection_while_its_reader_waits()
    {
        var account = await api.RegisteredAccount();
        await account.Grown(2000);
        await using var session = api.Store.QuerySession(account.Id);
        var pages = new Server.Audit.Export.ExportPages(
            session.Database, new Server.Audit.Export.ExportRange(account.Id, 0, 2000, null, null), storedEvents: true);
        var count = 0;
        await foreach (var page in pages.ReadAsync(TestContext.Current.CancellationToken))
        {
            count += page.Count;
            (await api.RowsAsync(
                "select query from pg_stat_activity where datname = current_database() and state <> 'idle' and query like '%audit_item%' and pid <> pg_backend_pid() and query like $1",
                "%" + "order by index%")).ShouldBeEmpty();
        }

        count.ShouldBe(2000);
    }

    [Fact]
    public async Task The_API_description_names_its_media_types()
    {
        var description = (await api.Nobody().Get("/openapi/v1.json")).Body;
        var get = description.GetProperty("paths").GetProperty("/accounts/{accountId}/audit/export").GetProperty("get");
        get.GetProperty("responses").GetProperty("200").GetProperty("content").EnumerateObject().Select(content => content.Name)
            .ShouldBe(["application/x-ndjson", "text/csv"]);
        get.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString())
            .ShouldBe(["accountId", "format", "from", "to", "fromIndex", "ocsfUserManagement"], ignoreOrder: true);
    }

    private static bool IsItem(string format, string line) => line.Length > 0 && IndexOf(format, line) is not null;

    private static long? IndexOf(string format, string line) => format switch
    {
        "csv" => long.TryParse(line.Split(',')[0], CultureInfo.InvariantCulture, out var index) ? index : null,
        "log" => JsonElement.Parse(line).GetProperty("index").GetInt64(),
        "ocsf" => JsonElement.Parse(line).GetProperty("metadata").TryGetProperty("sequence", out var sequence) ? sequence.GetInt64() : null,
        _ => JsonElement.Parse(line).TryGetProperty("sequence", out var sequence)
            ? long.Parse(sequence.GetString()!, CultureInfo.InvariantCulture)
            : null,
    };

    private static string? Id(JsonElement line) => line.GetProperty("id").GetString();

    private static string Instant(DateTimeOffset at) => Uri.EscapeDataString(at.ToString("O", CultureInfo.InvariantCulture));
}
