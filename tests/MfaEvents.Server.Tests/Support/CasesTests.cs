using System.Net;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Core.Support;
using Person = MfaEvents.Server.Tests.Harness.Person;

namespace MfaEvents.Server.Tests.Support;

public sealed class CasesTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Two_people_remove_every_device_of_somebody_who_lost_them()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        await account.AssignedDevice();
        var session = await account.SignedIn(phone);

        var opened = (await account.OpenCase(account.Agent())).ShouldBe(HttpStatusCode.Created).ShouldHave("caseId");
        var found = new DeskCase(account, opened["caseId"].GetGuid(), "root");
        opened.Location.ShouldBe(found.Path);
        (await found.Evidence("identityDocument")).ShouldBe(HttpStatusCode.Created);
        (await found.Evidence("inPerson")).ShouldBe(HttpStatusCode.Created);
        (await found.Request()).ShouldBe(HttpStatusCode.OK).TextOf("state").ShouldBe("requested");
        var executesAt = (await found.Approve()).ShouldBe(HttpStatusCode.OK).ShouldHave("executesAt")["executesAt"].GetDateTimeOffset();
        executesAt.ShouldBe(account.Time.Now.AddHours(24), TimeSpan.FromSeconds(1));
        await found.IsTold();
        (await found.State()).ShouldBe("coolingOff");
        (await account.Root.Get(account.RootPath + "/mfa-devices"))["devices"].GetArrayLength().ShouldBe(2);

        await found.ComesDue();

        (await found.State()).ShouldBe("executed");
        (await account.Root.Get(account.RootPath + "/mfa-devices"))["devices"].GetArrayLength().ShouldBe(0);
        (await session.Get(account.RootPath + "/mfa-devices")).ShouldRefuse(401, "unauthenticated");
        (await api.RowsAsync("select id::text from sealed.mt_doc_sealedseed where tenant_id = $1", account.Id)).ShouldBeEmpty();
        (await api.EventsAsync(account.Id, "root")).Select(e => e.Data).TakeLast(4).ShouldSatisfyAllConditions(
            last => last.Take(2).ShouldAllBe(e => e is DeviceRemoved && ((DeviceRemoved)e).Reason == RemovalReason.Support),
            last => last.ElementAt(2).ShouldBeOfType<MfaRemovedBySupport>().CaseId.ShouldBe(found.Id),
            last => last.ElementAt(3).ShouldBe(new SessionsEnded(SessionsEndReason.MfaRemovedBySupport, null)));
    }

    [Fact]
    public async Task Its_story_is_told_in_plain_sentences_from_its_events()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var found = await account.OpenedCase().Executed();
        (await found.Code()).ShouldBe(HttpStatusCode.Created);

        var reply = (await found.Read()).ShouldBe(HttpStatusCode.OK);

        reply["story"].EnumerateArray().Select(item => item.GetProperty("eventType").GetString()).ShouldBe(
        [
            "case_opened", "evidence_recorded", "evidence_recorded", "removal_requested", "removal_approved",
            "removal_notice_delivered", "removal_executed", "enrolment_code_issued",
        ]);
        reply["story"].EnumerateArray().Select(item => item.GetProperty("actor").GetString())
            .ShouldBe(["ann", "ann", "ann", "ann", "bob", "mfaevents", "mfaevents", "bob"]);
        reply["story"].EnumerateArray().Select(item => item.GetProperty("sentence").GetString()![..20]).ShouldBe(
        [
            "ann opened the case ", "ann recorded evidenc", "ann recorded evidenc", "ann asked for the re", "bob approved the rem",
            "An address of the ow", "The cooling-off was ", "bob took the enrolme",
        ]);
        reply["story"][0].GetProperty("note").GetString().ShouldBe(Desk.Note);
        reply.TextOf("openedBy").ShouldBe("ann");
        reply["notBy"].EnumerateArray().Select(name => name.GetString()).ShouldBe(["ann"]);
        reply["executesAt"].GetDateTimeOffset().ShouldBeLessThan(account.Time.Now);

        // What people wrote down is in no event.
        (await api.RowsAsync("select data::text from mfa.mt_events where tenant_id = $1 and stream_id = $2", account.Id, found.Stream))
            .ShouldAllBe(data => !data.Contains("front desk"));
    }

    [Theory]
    [InlineData("evidence", "inPerson"), InlineData("request", "inPerson"), InlineData("open", "inPerson")]
    public async Task Whoever_had_a_part_in_it_does_not_decide_it_under_any_role(string part, string kind)
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase(by: part == "open" ? "eve" : "ann");
        (await found.Evidence(kind, account.Agent(part == "evidence" ? "eve" : "ann"))).ShouldBe(HttpStatusCode.Created);
        (await found.Evidence("knowledge")).ShouldBe(HttpStatusCode.Created);
        (await found.Request(account.Agent(part == "request" ? "eve" : "ann"))).ShouldBe(HttpStatusCode.OK);
        var version = await found.Version();

        (await found.Approve(account.Approver("eve"))).ShouldRefuse(403, "second-person-required");
        (await found.Refuse(account.Approver("eve"))).ShouldRefuse(403, "second-person-required");
        (await found.Approve(account.Approver("eve") with { Roles = ["support-agent", "support-approver"] }))
            .ShouldRefuse(403, "second-person-required");

        (await found.State()).ShouldBe("requested");
        (await api.EventsAsync(account.Id, found.Stream)).Skip((int)version).Select(e => e.Data).ShouldBe(
        [
            new SecondPersonMissing(CaseDecisionKind.Approval), new SecondPersonMissing(CaseDecisionKind.Refusal),
            new SecondPersonMissing(CaseDecisionKind.Approval),
        ]);

        // Whoever goes on trying does not flood the stream.
        for (var more = 0; more < 3; more++) (await found.Approve(account.Approver("eve"))).ShouldRefuse(403, "second-person-required");
        (await found.Version()).ShouldBe(version + 3);
        (await found.Refuse(account.Approver("bob"))).ShouldBe(HttpStatusCode.OK).TextOf("state").ShouldBe("refused");
    }

    [Fact]
    public async Task Without_two_kinds_of_evidence_of_which_one_is_strong_nothing_is_asked_for()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase();
        (await found.Request()).ShouldRefuse(409, "evidence-missing");
        (await found.Evidence("knowledge")).ShouldBe(HttpStatusCode.Created);
        (await found.Evidence("identityDocument")).ShouldBe(HttpStatusCode.Created);
        (await found.Request()).ShouldRefuse(409, "evidence-missing");
        (await found.Evidence("inPerson")).ShouldBe(HttpStatusCode.Created);
        (await found.Request()).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_comes_in_the_wrong_order_changes_nothing()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var open = await account.OpenedCase();
        await Refused(open, open.Approve, open.Refuse, open.Code, Veto(open));

        await Task.FromResult(open).Requested();
        await Refused(open, by => open.Evidence("other", by), open.Request, open.Code, Veto(open));

        (await open.Approve()).ShouldBe(HttpStatusCode.OK);
        await open.IsTold();
        await Refused(open, by => open.Evidence("other", by), open.Request, open.Approve, open.Refuse, open.Code);
        await open.ComesDue(TimeSpan.FromHours(23));
        (await open.State()).ShouldBe("coolingOff");

        await open.ComesDue(TimeSpan.FromHours(1));
        await Refused(open, by => open.Evidence("other", by), open.Request, open.Approve, open.Refuse, Veto(open));
        await open.ComesDue();
        (await account.Root.Get(account.RootPath + "/history"))["items"].EnumerateArray()
            .Count(item => item.GetProperty("eventType").GetString() == "mfa_removed_by_support").ShouldBe(1);

        Func<Person?, Task<Reply>> Veto(DeskCase found) => _ => account.Root.Post(found.Path + "/veto");

        static async Task Refused(DeskCase found, params Func<Person?, Task<Reply>>[] steps)
        {
            var version = await found.Version();
            foreach (var step in steps) (await step(null)).ShouldRefuse(409, "case-state");
            (await found.Version()).ShouldBe(version);
        }
    }

    [Fact]
    public async Task A_refused_a_vetoed_and_a_closed_case_stay_so_and_a_new_one_can_be_opened()
    {
        var account = await api.RegisteredAccount();
        var refused = await account.OpenedCase().Requested();
        (await account.OpenCase(account.Agent())).ShouldRefuse(409, "case-state");
        (await refused.Refuse()).ShouldBe(HttpStatusCode.OK);

        var vetoed = await account.OpenedCase().Approved();
        (await api.Nobody().Post(vetoed.Path + "/veto", new { })).ShouldRefuse(400, "validation");
        (await account.Root.Post(vetoed.Path + "/veto", new { })).ShouldBe(HttpStatusCode.NoContent);

        var closed = await account.OpenedCase().Approved();
        (await closed.Close()).ShouldBe(HttpStatusCode.OK).TextOf("state").ShouldBe("closed");
        foreach (var (over, state) in new[] { (refused, "refused"), (vetoed, "vetoed"), (closed, "closed") })
        {
            (await over.Approve()).ShouldRefuse(409, "case-state");
            (await over.Request()).ShouldRefuse(409, "case-state");
            (await over.Close()).ShouldRefuse(409, "case-state");
            await over.ComesDue();
            (await over.State()).ShouldBe(state);
        }
    }

    [Fact]
    public async Task An_undecided_case_expires_after_seven_days_and_takes_nothing_from_that_moment()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase().Requested();
        await found.Expires(TimeSpan.FromDays(6));
        (await found.State()).ShouldBe("requested");
        account.Time.Pass(TimeSpan.FromDays(1));

        // Its message has not come yet.
        (await found.Approve()).ShouldRefuse(409, "case-state");
        (await found.State()).ShouldBe("expired");
        var next = await account.OpenedCase();
        (await api.EventsAsync(account.Id, found.Stream))[^1].Data.ShouldBeOfType<CaseExpired>();
        (await account.OpenCase(account.Agent())).ShouldRefuse(409, "case-state");
        await next.Expires(TimeSpan.FromDays(7));
        (await api.EventsAsync(account.Id, next.Stream))[^1].Data.ShouldBeOfType<CaseExpired>();
    }

    [Fact]
    public async Task A_sign_in_with_a_second_factor_during_the_cooling_off_vetoes_it()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        await account.SignedIn(phone);
        var found = await account.OpenedCase().Approved();

        await account.SignedIn(phone);

        (await found.State()).ShouldBe("vetoed");
        await found.ComesDue();
        (await account.Root.Get(account.RootPath + "/mfa-devices"))["devices"].GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task The_owner_vetoes_and_nobody_else_can()
    {
        var account = await api.RegisteredAccount();
        var other = await api.RegisteredAccount();
        var alice = await account.CreatedUser();
        var mallory = await account.CreatedUser();
        var found = await account.OpenedCase(alice.Principal!).Approved();

        (await api.Nobody().Post(found.Path + "/veto")).ShouldRefuse(401, "unauthenticated");
        (await account.Agent().Post(found.Path + "/veto")).ShouldRefuse(403, "forbidden");
        (await account.Approver().Post(found.Path + "/veto")).ShouldRefuse(403, "forbidden");
        (await other.Root.Post(found.Path + "/veto")).ShouldRefuse(404, "not-found");
        (await other.Root.Post(found.Path.Replace(account.Id, other.Id, StringComparison.Ordinal) + "/veto")).ShouldRefuse(404, "not-found");
        (await mallory.Post(found.Path + "/veto")).ShouldRefuse(404, "not-found");
        (await found.State()).ShouldBe("coolingOff");

        (await alice.Post(found.Path + "/veto")).ShouldBe(HttpStatusCode.NoContent);
        (await alice.Post(found.Path + "/veto")).ShouldRefuse(409, "case-state");
        (await api.EventsAsync(account.Id, found.Stream))[^1].Data.ShouldBe(new RemovalVetoed(VetoReason.Owner));
    }

    [Fact]
    public async Task A_case_is_about_a_principal_that_is_there_and_in_an_account_that_the_agent_sees()
    {
        var (account, other) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        (await account.OpenCase(account.Agent(), "user:nobody")).ShouldRefuse(404, "not-found");
        (await account.OpenCase(other.A("support-agent") with { Time = account.Time })).ShouldRefuse(404, "not-found");
        var found = await account.OpenedCase();
        (await found.Read(other.A("auditor"))).ShouldRefuse(404, "not-found");
        (await found.Evidence("inPerson", other.A("support-agent") with { Time = account.Time })).ShouldRefuse(404, "not-found");
        (await account.Agent().Get($"{account.Path}/cases/{Guid.NewGuid()}")).ShouldRefuse(404, "not-found");
        (await account.Agent().Get($"{other.Path}/cases/{found.Id}")).ShouldRefuse(404, "not-found");
        (await account.Agent().Post($"{account.Path}/cases/{Guid.NewGuid()}/evidence", new { })).ShouldRefuse(404, "not-found");
        (await account.Agent().Get($"{account.Path}/cases/1")).ShouldRefuse(404, "not-found");
        (await account.Agent().Post($"{found.Path}/evidence", new { kind = "hearsay" })).ShouldFindFault("kind", "note");
    }

    [Fact]
    public async Task The_end_of_a_user_ends_its_case()
    {
        var account = await api.RegisteredAccount();
        var alice = await account.CreatedUser();
        var found = await account.OpenedCase(alice.Principal!).Approved();
        (await account.Root.Delete($"{account.Path}/users/{alice.Principal!["user:".Length..]}")).ShouldBe(HttpStatusCode.NoContent);
        (await api.EventsAsync(account.Id, found.Stream))[^1].Data.ShouldBe(new CaseClosed(ClosureReason.PrincipalDeleted, null));
        await found.ComesDue();
        (await found.State()).ShouldBe("closed");
    }

    [Fact]
    public async Task Of_two_openings_at_once_one_succeeds()
    {
        var account = await api.RegisteredAccount();
        var replies = await Scenarios.AtOnce(6, number => account.OpenCase(account.Agent($"agent-{number}")));
        replies.Count(reply => reply.Status == 201).ShouldBe(1);
        replies.Where(reply => reply.Status != 201).ShouldAllBe(reply => reply.Slug == "case-state");
    }

    [Fact]
    public async Task Of_many_approvals_and_refusals_at_once_one_is_done()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase().Requested();
        var replies = await Scenarios.AtOnce(8, number => number % 2 == 0
            ? found.Approve(account.Approver($"approver-{number}"))
            : found.Refuse(account.Approver($"approver-{number}")));
        replies.Count(reply => reply.Status == 200).ShouldBe(1);
        replies.Where(reply => reply.Status != 200).ShouldAllBe(reply => reply.Slug == "case-state");
    }

    [Fact]
    public async Task Of_a_veto_and_the_removal_at_once_one_wins()
    {
        for (var round = 0; round < 5; round++)
        {
            var account = await api.RegisteredAccount();
            await account.AssignedDevice().Activated();
            var found = await account.OpenedCase().Approved();
            account.Time.Pass(TimeSpan.FromHours(24));

            Reply? veto = null;
            await Task.WhenAll(
                VetoAsync(),
                found.ComesDue(TimeSpan.Zero));

            var devices = (await account.Root.Get(account.RootPath + "/mfa-devices"))["devices"].GetArrayLength();
            if (veto!.Status == 204) ((await found.State()), devices).ShouldBe(("vetoed", 1));
            else ((await found.State()), devices, veto.Slug).ShouldBe(("executed", 0, "case-state"));

            async Task VetoAsync() => veto = await account.Root.Post(found.Path + "/veto");
        }
    }

    [Fact]
    public async Task Of_a_sign_in_and_the_removal_at_once_one_wins()
    {
        for (var round = 0; round < 5; round++)
        {
            var account = await api.RegisteredAccount();
            var phone = await account.AssignedDevice().Activated();
            var found = await account.OpenedCase().Approved();
            account.Time.Pass(TimeSpan.FromHours(24));
            var half = await account.HalfSignedIn();

            Reply? signIn = null;
            await Task.WhenAll(
                SignInAsync(),
                found.ComesDue(TimeSpan.Zero));

            var devices = (await account.Root.Get(account.RootPath + "/mfa-devices"))["devices"].GetArrayLength();
            if (signIn!.Status == 200) ((await found.State()), devices).ShouldBe(("vetoed", 1));
            else ((await found.State()), devices, signIn.Status).ShouldBe(("executed", 0, 404));

            async Task SignInAsync() => signIn = await half.Code(phone, phone.Code());
        }
    }
}
