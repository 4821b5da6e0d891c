using System.Net;
using System.Text.Json;
using MfaEvents.Server.Support;

namespace MfaEvents.Server.Tests.Support;

public sealed class QueueTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task The_queue_shows_cases_of_all_accounts_with_who_waits_for_whom()
    {
        var (one, two) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var agent = Scenarios.NewName("agent");
        var open = await one.OpenedCase(by: agent);
        two.Time.Pass(TimeSpan.FromMinutes(1));
        var requested = await two.OpenedCase(by: agent).Requested();

        var items = (await one.Auditor().Get($"/cases?agent={agent}")).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray().ToArray();

        items.Select(item => item.GetProperty("caseId").GetGuid()).ShouldBe([open.Id, requested.Id]);
        items.Select(item => item.GetProperty("accountId").GetString()).ShouldBe([one.Id, two.Id]);
        items.Select(item => item.GetProperty("state").GetString()).ShouldBe(["open", "requested"]);
        items.Select(item => item.GetProperty("waitsFor").GetString()).ShouldBe(["agent", "approver"]);
        items.ShouldAllBe(item => item.GetProperty("reference").GetString() == "T-4711" && item.GetProperty("openedBy").GetString() == agent
            && item.GetProperty("principal").GetString() == "root");
        items[1].GetProperty("notBy").EnumerateArray().Select(name => name.GetString()).ShouldBe([agent, "ann"]);
    }

    [Fact]
    public async Task It_is_paged_by_age_and_filtered_by_state()
    {
        var account = await api.RegisteredAccount();
        var agent = Scenarios.NewName("agent");
        var users = new List<string>();
        for (var i = 0; i < 5; i++) users.Add((await account.CreatedUser()).Principal!);
        var cases = new List<DeskCase>();
        foreach (var user in users) cases.Add(await account.OpenedCase(user, agent));
        (await cases[0].Close()).ShouldBe(HttpStatusCode.OK);

        var seen = new List<Guid>();
        var pages = 0;
        for (string? cursor = null; ; pages++)
        {
            var page = await account.Agent().Get($"/cases?state=open&limit=2&agent={agent}" + (cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}"));
            seen.AddRange(page.ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray().Select(item => item.GetProperty("caseId").GetGuid()));
            cursor = page["nextCursor"].GetString();
            if (cursor is null) break;
        }

        pages.ShouldBe(1);
        seen.ShouldBe(cases.Skip(1).Select(found => found.Id));
        (await account.Agent().Get("/cases?state=lost&limit=0&cursor=x")).ShouldFindFault("state", "limit", "cursor");
    }

    [Fact]
    public async Task What_nobody_decided_in_time_is_shown_and_found_as_expired_before_its_message_comes()
    {
        var account = await api.RegisteredAccount();
        var agent = Scenarios.NewName("agent");
        var open = await account.OpenedCase(by: agent);
        var requested = await account.OpenedCase((await account.CreatedUser()).Principal!, agent).Requested();
        (await Found("open")).ShouldBe([open.Id]);
        (await Found("expired")).ShouldBeEmpty();

        account.Time.Pass(TimeSpan.FromDays(7));

        (await Found("open")).ShouldBeEmpty();
        (await Found("requested")).ShouldBeEmpty();
        (await Found("expired")).ShouldBe([open.Id, requested.Id]);
        var items = (await account.Agent().Get($"/cases?agent={agent}"))["items"].EnumerateArray().ToArray();
        items.ShouldAllBe(item => item.GetProperty("state").GetString() == "expired" && item.GetProperty("waitsFor").ValueKind == JsonValueKind.Null);

        async Task<IEnumerable<Guid>> Found(string state) =>
            (await account.Agent().Get($"/cases?state={state}&agent={agent}")).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray()
                .Select(item => item.GetProperty("caseId").GetGuid());
    }

    [Fact]
    public async Task A_token_with_an_account_sees_the_cases_of_that_account()
    {
        var (one, two) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var found = await one.OpenedCase();
        await two.OpenedCase();
        foreach (var role in (string[])["support-agent", "support-approver", "auditor"])
            (await one.A(role).Get("/cases")).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray()
                .Select(item => item.GetProperty("caseId").GetGuid()).ShouldBe([found.Id]);
        foreach (var role in (string[])["operator", "provisioner", "service"]) (await one.A(role).Get("/cases")).ShouldRefuse(403, "forbidden");
        (await one.Root.Get("/cases")).ShouldRefuse(403, "forbidden");
    }

    [Fact]
    public async Task A_message_that_comes_twice_or_late_leaves_the_queue_as_it_is()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase().Requested();
        await api.RowsAsync("update directory.support_case set version = 2, state = 'open' where case_id = $1", found.Id);
        await api.HandleAsync(account.Id, new QueueCase(account.Id, found.Id));
        (await api.RowsAsync("select state from directory.support_case where case_id = $1", found.Id)).ShouldBe(["requested"]);
        await api.RowsAsync("update directory.support_case set version = 99, state = 'closed' where case_id = $1", found.Id);
        await api.HandleAsync(account.Id, new QueueCase(account.Id, found.Id));
        (await api.RowsAsync("select state from directory.support_case where case_id = $1", found.Id)).ShouldBe(["closed"]);
    }

    public static TheoryData<string> StepsFromElsewhere => ["link", "owner", "sign-in", "digits", "deletion"];

    [Theory, MemberData(nameof(StepsFromElsewhere))]
    public async Task A_step_that_nobody_at_the_desk_took_leaves_its_message_for_the_queue_in_its_own_commit(string step)
    {
        var account = await api.RegisteredAccount();
        var user = await account.CreatedUser();
        var phone = await account.AssignedDevice().Activated();
        var opened = account.OpenedCase(step == "deletion" ? user.Principal! : "root");
        var found = step == "digits" ? await opened : await opened.Approved();
        var call = step == "digits" ? (await found.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted) : null;
        await using var demanding = await CommitsDemandMessage(account);

        (await (step switch
        {
            "link" => Link(),
            "owner" => account.Root.Post(found.Path + "/veto"),
            "sign-in" => SignIn(),
            "digits" => account.Stranger().Post($"/development/calls/{call!.TextOf("callId")}/digits", new { digits = call.TextOf("digits") }),
            _ => account.Root.Delete($"{account.Path}/users/{user.Principal!["user:".Length..]}"),
        })).Status.ShouldBeInRange(200, 204);

        async Task<Reply> Link() => await account.Stranger().Post(
            found.Path + "/veto", new { token = (await Mailbox.Of(account).Get("Support will remove every MFA device")).Token });

        async Task<Reply> SignIn() => await (await account.HalfSignedIn()).Code(phone, phone.Code());
    }

    /// <summary>No event of a case of this account is committed without a message for the queue in the same transaction.</summary>
    private async Task<IAsyncDisposable> CommitsDemandMessage(OpenAccount account)
    {
        var trigger = $"demand_{account.Id}";
        await api.RowsAsync(
            $$"""
            create or replace function mfa.demand() returns trigger language plpgsql as $f$ begin
                if not exists (select from wolverine.wolverine_incoming_envelopes where xmin = pg_current_xact_id()::xid
                    and message_type like '%QueueCase' and position(convert_to(split_part(new.stream_id, ':', 2), 'UTF8') in body) > 0)
                then raise exception 'no message'; end if;
                return null; end $f$;
            create constraint trigger {{trigger}} after insert on mfa.mt_events deferrable initially deferred
                for each row when (new.tenant_id = '{{account.Id}}' and new.stream_id like 'case:%') execute function mfa.demand();
            """);
        return new Undone(() => api.RowsAsync($"drop trigger {trigger} on mfa.mt_events"));
    }

    private sealed class Undone(Func<Task> undo) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await undo();
    }

    [Fact]
    public async Task Two_who_always_approve_each_other_are_found()
    {
        var (eve, mal, kay) = (Scenarios.NewName("eve"), Scenarios.NewName("mal"), Scenarios.NewName("kay"));
        var account = await api.RegisteredAccount();
        await Decided(eve, mal, approve: true);
        await Decided(eve, mal, approve: true);
        await Decided(mal, eve, approve: true);
        await Decided(eve, kay, approve: true);
        await Decided(kay, eve, approve: false);

        var pairs = (await account.A("auditor").Get("/cases/pairs")).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray().ToArray();

        pairs.Select(pair => (pair.GetProperty("agent").GetString(), pair.GetProperty("approver").GetString(), pair.GetProperty("alwaysEachOther").GetBoolean()))
            .ShouldBe([(eve, mal, true), (mal, eve, true), (eve, kay, false), (kay, eve, false)]);
        pairs[0].GetProperty("approved").GetInt64().ShouldBe(2);
        pairs[0].GetProperty("decidedOfAgent").GetInt64().ShouldBe(3);
        pairs[0].GetProperty("approvedInReturn").GetInt64().ShouldBe(1);
        (await account.Auditor().Get($"/cases?approver={mal}"))["items"].GetArrayLength().ShouldBe(2);
        (await account.Agent().Get("/cases/pairs")).ShouldRefuse(403, "forbidden");

        async Task Decided(string agent, string approver, bool approve)
        {
            var user = (await account.CreatedUser()).Principal!;
            var found = await account.OpenedCase(user, agent);
            (await found.Evidence("inPerson", account.Agent(agent))).ShouldBe(HttpStatusCode.Created);
            (await found.Evidence("other", account.Agent(agent))).ShouldBe(HttpStatusCode.Created);
            (await found.Request(account.Agent(agent))).ShouldBe(HttpStatusCode.OK);
            (await (approve ? found.Approve(account.Approver(approver)) : found.Refuse(account.Approver(approver)))).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task How_long_removals_take_and_which_were_followed_by_a_device_from_a_new_address()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var found = await account.OpenedCase().Requested();
        account.Time.Pass(TimeSpan.FromMinutes(30));
        (await found.Approve()).ShouldBe(HttpStatusCode.OK);
        await found.IsTold();
        await found.ComesDue();
        var auditor = account.A("auditor");

        var times = (await auditor.Get("/cases/times")).ShouldBe(HttpStatusCode.OK);
        times["removals"].GetInt64().ShouldBe(1);
        times["requestToApproval"].GetProperty("median").GetDouble().ShouldBe(1800, 1);
        times["requestToExecution"].GetProperty("longest").GetDouble().ShouldBe(1800 + 86400, 1);
        times["quickest"][0].GetProperty("approvedBy").GetString().ShouldBe("bob");

        await account.AssignedDevice().Activated();
        var thief = account.Root with { Address = SigningIn.NewAddress() };
        var phone = await account.AssignedDevice(thief, "root").Activated();
        await Scenarios.Eventually(
            async () => (await auditor.Get("/cases/new-devices"))["items"].GetArrayLength() > 0, "the audit trail holds the activation");
        var devices = (await auditor.Get("/cases/new-devices")).ShouldBe(HttpStatusCode.OK);
        devices["items"].GetArrayLength().ShouldBe(1);
        devices["items"][0].GetProperty("deviceId").GetGuid().ShouldBe(phone.Id);
        devices["items"][0].GetProperty("caseId").GetGuid().ShouldBe(found.Id);
        devices["items"][0].GetProperty("sourceAddress").GetString().ShouldBe(thief.Address);

        // A case's steps are items about its principal.
        await Scenarios.Eventually(
            async () => (await auditor.Get($"{account.Path}/audit?principal=root&eventType=removal_executed"))["items"].GetArrayLength() == 1,
            "the audit trail says whom the case is about");
    }
}
