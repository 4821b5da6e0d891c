using System.Globalization;
using System.Net;
using System.Text.Json;

namespace MfaEvents.Server.Tests.Audit;

public sealed class AuditTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    public static TheoryData<string, string> WrongQueries => new()
    {
        { "limit", "0" }, { "limit", "501" }, { "limit", "-1" }, { "limit", "1.5" }, { "limit", "all" }, { "limit", "" }, { "limit", "\u0661" },
        { "cursor", "nonsense" }, { "cursor", "" }, { "cursor", "YmVmb3JlOng=" }, { "from", "yesterday" }, { "to", "2026-11-24" }, { "from", "" },
        { "deviceId", "phone" }, { "deviceId", "" }, { "principal", "" }, { "eventType", "" }, { "actor", "" }, { "sourceAddress", "" }, { "actor", "a%00b" },
    };

    [Fact]
    public async Task An_item_says_what_happened_to_whom_by_whom_and_from_where()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone");

        var page = await AuditOf(account, 3);

        page.ShouldHave("items", "nextCursor", "upTo");
        page["nextCursor"].ValueKind.ShouldBe(JsonValueKind.Null);
        var item = page["items"][0];
        item.EnumerateObject().Select(member => member.Name).ShouldBe(
        [
            "index", "principal", "eventId", "stream", "version", "eventType", "occurredAt", "actor", "sourceAddress", "userAgent",
            "correlationId", "deviceId", "deviceName", "deviceType", "data",
        ], ignoreOrder: true);
        item.GetProperty("index").GetInt64().ShouldBe(2);
        item.GetProperty("principal").GetString().ShouldBe("root");
        item.GetProperty("stream").GetString().ShouldBe("root");
        item.GetProperty("version").GetInt64().ShouldBe(2);
        item.GetProperty("eventType").GetString().ShouldBe("device_assigned");
        item.GetProperty("occurredAt").GetDateTimeOffset().ShouldBe((await api.EventsAsync(account.Id, "root"))[1].Timestamp);
        item.GetProperty("actor").GetString().ShouldBe($"arn:aws:iam::{account.Id}:root");
        item.GetProperty("sourceAddress").GetString().ShouldBe("203.0.113.7");
        item.GetProperty("userAgent").GetString().ShouldBe("tests/1.0");
        item.GetProperty("correlationId").GetString().ShouldNotBeNullOrEmpty();
        item.GetProperty("deviceId").GetGuid().ShouldBe(device.Id);
        item.GetProperty("deviceName").GetString().ShouldBe("phone");
        item.GetProperty("deviceType").GetString().ShouldBe("virtual");
        item.GetProperty("data").GetProperty("deviceName").GetString().ShouldBe("phone");

        var registered = page["items"].EnumerateArray().Single(entry => entry.GetProperty("eventType").GetString() == "account_registered");
        registered.GetProperty("principal").ValueKind.ShouldBe(JsonValueKind.Null);
        registered.GetProperty("stream").GetString().ShouldBe("account");
        registered.GetProperty("actor").GetString().ShouldBe("provisioner");
    }

    [Fact]
    public async Task An_item_names_the_device_as_it_was_called_then()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("old");
        (await account.Root.Patch(device.Path, new { deviceName = "new" })).ShouldBe(HttpStatusCode.OK);
        await device.Activated();
        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);

        var items = (await AuditOf(account, 8))["items"].EnumerateArray().Where(item => item.GetProperty("deviceId").ValueKind != JsonValueKind.Null);
        items.Select(item => item.GetProperty("deviceName").GetString()).ShouldBe(["new", "new", "new", "old"]);
    }

    [Fact]
    public async Task The_index_is_dense_from_zero_newest_first_and_pages_meet_without_a_gap()
    {
        var account = await ABusyAccount();
        var all = await AllOf(account, "limit=500");
        Indexes(all).ShouldBe(Enumerable.Range(0, all.Count).Reverse().Select(index => (long)index));

        for (var limit = 1; limit <= 7; limit += 3)
        {
            var paged = new List<JsonElement>();
            string? cursor = null;
            do
            {
                var page = (await account.Root.Get($"{account.Path}/audit?limit={limit}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}"))
                    .ShouldBe(HttpStatusCode.OK);
                page["items"].GetArrayLength().ShouldBeLessThanOrEqualTo(limit);
                paged.AddRange(page["items"].EnumerateArray());
                cursor = page["nextCursor"].GetString();
            }
            while (cursor is not null);
            paged.Select(item => item.GetRawText()).ShouldBe(all.Select(item => item.GetRawText()));
        }
    }

    [Fact]
    public async Task A_cursor_stays_where_it_was_while_the_trail_grows()
    {
        var account = await ABusyAccount();
        var first = await account.Root.Get($"{account.Path}/audit?limit=4");
        var next = $"{account.Path}/audit?limit=4&cursor={Uri.EscapeDataString(first.TextOf("nextCursor"))}";
        var before = await account.Root.Get(next);
        await account.CreatedUser("latecomer");
        await WaitForIndex(account, first["items"][0].GetProperty("index").GetInt64() + 2);
        (await account.Root.Get(next))["items"].GetRawText().ShouldBe(before["items"].GetRawText());
    }

    [Fact]
    public async Task Every_filter_gives_exactly_the_items_that_match_it()
    {
        var account = await ABusyAccount();
        var all = await AllOf(account, "limit=500");
        foreach (var (filter, member) in ((string, string)[])
            [("principal", "principal"), ("deviceId", "deviceId"), ("eventType", "eventType"), ("actor", "actor"), ("sourceAddress", "sourceAddress")])
        {
            var values = all.Select(item => item.GetProperty(member).GetString()).OfType<string>().Distinct().ToList();
            values.Count.ShouldBeGreaterThan(1, filter);
            foreach (var value in values)
                Texts(await AllOf(account, $"{filter}={Uri.EscapeDataString(value)}&limit=500"))
                    .ShouldBe(Texts(all.Where(item => item.GetProperty(member).GetString() == value)), $"{filter}={value}");
        }

        (await AllOf(account, "principal=user:nobody")).ShouldBeEmpty();
        (await AllOf(account, $"deviceId={Guid.NewGuid()}")).ShouldBeEmpty();
        (await AllOf(account, "eventType=device")).ShouldBeEmpty();
        Texts(await AllOf(account, "principal=user:alice&eventType=device_assigned")).ShouldBe(Texts(all.Where(item =>
            item.GetProperty("principal").GetString() == "user:alice" && item.GetProperty("eventType").GetString() == "device_assigned")));
    }

    [Fact]
    public async Task From_is_inclusive_and_to_is_exclusive()
    {
        var account = await ABusyAccount();
        var all = await AllOf(account, "limit=500");
        var instants = all.Select(item => item.GetProperty("occurredAt").GetDateTimeOffset()).Distinct().Order().ToList();
        var (from, to) = (instants[2], instants[^3]);

        var found = await AllOf(account, $"from={Instant(from)}&to={Instant(to)}&limit=500");

        Texts(found).ShouldBe(Texts(all.Where(item => item.GetProperty("occurredAt").GetDateTimeOffset() is var at && at >= from && at < to)));
        (await AllOf(account, $"from={Instant(to)}&to={Instant(from)}")).ShouldBeEmpty();
        (await AllOf(account, $"from={Instant(from)}&to={Instant(from)}")).ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(WrongQueries))]
    public async Task A_wrong_query_is_refused(string name, string value)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Get($"{account.Path}/audit?{name}={value}")).ShouldFindFault(name);
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_query_is_said_at_once()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Get($"{account.Path}/audit?limit=x&cursor=x&from=x&to=x&deviceId=x")).ShouldFindFault("limit", "cursor", "from", "to", "deviceId");
        (await account.Root.Get($"{account.Path}/audit?limit=5&limit=6")).ShouldFindFault("limit");
    }

    [Fact]
    public async Task An_IAM_user_sees_its_own_items_alone_and_not_why_a_code_was_refused()
    {
        var account = await ABusyAccount();
        var alice = account.User("alice");
        var all = await AllOf(account, "principal=user:alice&limit=500");

        var own = (await alice.Get($"{account.Path}/audit?limit=500")).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray().ToList();

        own.Select(item => item.GetProperty("eventId").GetGuid()).ShouldBe(all.Select(item => item.GetProperty("eventId").GetGuid()));
        own.ShouldContain(item => item.GetProperty("eventType").GetString() == "code_rejected");
        foreach (var item in own.Where(item => item.GetProperty("eventType").GetString() == "code_rejected"))
            item.GetProperty("data").EnumerateObject().Select(member => member.Name).ShouldBe(["deviceId", "purpose"], ignoreOrder: true);
        foreach (var filter in (string[])["principal=root", "principal=user:bob", "actor=" + Uri.EscapeDataString($"arn:aws:iam::{account.Id}:user/bob")])
            (await alice.Get($"{account.Path}/audit?{filter}")).ShouldBe(HttpStatusCode.OK)["items"].GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData("root"), InlineData("auditor")]
    public async Task Root_and_auditor_see_why_a_code_was_refused(string who)
    {
        var account = await ABusyAccount();
        var person = who == "root" ? account.Root : api.A("auditor") with { Time = account.Time };
        var items = (await person.Get($"{account.Path}/audit?eventType=code_rejected")).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray();
        items.Select(item => item.GetProperty("data").GetProperty("reason").GetString()).ShouldContain("replayed");
        items.Where(item => item.GetProperty("data").GetProperty("reason").GetString() == "replayed")
            .ShouldAllBe(item => item.GetProperty("data").GetProperty("step").ValueKind == JsonValueKind.Number);
    }

    /// <summary>Some of everything, by root and two users, from two addresses.</summary>
    private async Task<OpenAccount> ABusyAccount()
    {
        var account = await api.RegisteredAccount();
        foreach (var name in (string[])["alice", "bob"])
        {
            var user = await account.CreatedUser(name);
            var device = await account.AssignedDevice(user, "user:" + name).Activated();
            await device.Verified();
            (await device.Verify(device.Code(-1), user with { Address = "2001:db8::5" })).ShouldRefuse(403, "invalid-authentication-code");
            (await device.Verify(device.WrongCode(), user with { Address = "2001:db8::5" })).ShouldRefuse(403, "invalid-authentication-code");
        }

        await account.AssignedDevice();
        (await account.Root.Put($"{account.Path}/contact", new { email = Scenarios.NewEmail(), phone = account.Phone })).ShouldBe(HttpStatusCode.Accepted);
        await WaitForIndex(account, await EventsOf(account) - 1);
        return account;
    }

    private static async Task<Reply> AuditOf(OpenAccount account, int items)
    {
        await WaitForIndex(account, items - 1);
        return (await account.Root.Get($"{account.Path}/audit")).ShouldBe(HttpStatusCode.OK);
    }

    private static Task WaitForIndex(OpenAccount account, long index) => Scenarios.Eventually(
        async () => (await account.Root.Get($"{account.Path}/audit?limit=1"))["items"] is var items
            && items.GetArrayLength() == 1 && items[0].GetProperty("index").GetInt64() >= index,
        $"the trail has come to {index}");

    private async Task<long> EventsOf(OpenAccount account) =>
        long.Parse((await api.RowsAsync("select count(*) from mfa.mt_events where tenant_id = $1", account.Id))[0], CultureInfo.InvariantCulture);

    private static async Task<List<JsonElement>> AllOf(OpenAccount account, string query) =>
        [.. (await account.Root.Get($"{account.Path}/audit?{query}")).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray()];

    private static IEnumerable<long> Indexes(IEnumerable<JsonElement> items) => items.Select(item => item.GetProperty("index").GetInt64());

    private static IEnumerable<string> Texts(IEnumerable<JsonElement> items) => items.Select(item => item.GetRawText());

    private static string Instant(DateTimeOffset at) => Uri.EscapeDataString(at.ToString("O", CultureInfo.InvariantCulture));
}
