using System.Net;
using System.Text.Json;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Audit.WhatIf;
using MfaEvents.Server.Setup;
using Microsoft.Extensions.Logging.Abstractions;
using Wolverine;

namespace MfaEvents.Server.Tests.Audit;

/// <summary>Real history under other policies: an auditor is told what would have ended differently, and nothing changes.</summary>
public sealed class WhatIfTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_narrower_window_would_have_refused_the_code_of_the_step_before()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();
        account.Time.Pass(TimeSpan.FromMinutes(5));
        (await device.Verify(device.Code(-1))).ShouldBe(HttpStatusCode.OK);
        account.Time.Pass(TimeSpan.FromMinutes(5));
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);
        var before = await Stored(account);

        var job = await Played(account, new { signInWindow = 0 });

        job.ShouldHave(
            "jobId", "accountId", "principal", "settings", "state", "progress", "eventsDone", "eventsTotal", "attempts", "shorterWaits", "differencesTotal",
            "differences", "startedBy", "startedAt", "finishedAt", "outcome");
        (job.TextOf("state"), job["progress"].GetDouble(), job["attempts"].GetInt64()).ShouldBe(("succeeded", 1, 3));
        job["eventsDone"].GetInt64().ShouldBe(job["eventsTotal"].GetInt64());
        job["settings"].GetProperty("signInWindow").GetInt32().ShouldBe(0);
        job["settings"].GetProperty("searchWindow").GetInt32().ShouldBe(120);
        job.TextOf("startedBy").ShouldNotBeNullOrEmpty();
        var accepted = (await account.Root.Get($"{account.RootPath}/history"))["items"].EnumerateArray()
            .First(item => item.GetProperty("eventType").GetString() == "code_accepted");
        var difference = job["differences"].EnumerateArray().ShouldHaveSingleItem();
        Told(difference).ShouldBe(("root", accepted.GetProperty("version").GetInt64(), "accepted", "refused", true));
        difference.GetProperty("deviceId").GetString().ShouldBe(device.Id.ToString());
        difference.GetProperty("purpose").GetString().ShouldBe("verification");
        difference.GetProperty("wasBecause").ValueKind.ShouldBe(JsonValueKind.Null);
        difference.GetProperty("wouldBeBecause").GetString().ShouldBe("outsideWindow");
        difference.GetProperty("occurredAt").GetDateTimeOffset().ShouldBe(accepted.GetProperty("occurredAt").GetDateTimeOffset());

        (await Stored(account)).ShouldBe(before);
        (await account.A("auditor").Post($"{account.Path}/audit/verification", new { }))["intact"].GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task An_earlier_suspension_or_wait_changes_what_comes_after_it_too()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();
        account.Time.Pass(TimeSpan.FromMinutes(5));
        for (var i = 0; i < 3; i++) (await device.Verify(device.WrongCode())).ShouldRefuse(403, "invalid-authentication-code");
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);
        account.Time.Pass(TimeSpan.FromDays(1));
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);

        Ends(await Played(account, new { suspendAt = 3 })).ShouldBe(["accepted refused", "accepted refused"]);
        Ends(await Played(account, new { firstWaitAt = 2, firstWaitSeconds = 3600, longestWaitSeconds = 3600 })).ShouldBe(["refused throttled", "accepted throttled"]);
        Ends(await Played(account, new { firstWaitAt = 4 })).ShouldBeEmpty();
        Ends(await Played(account, new { })).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_principal_is_played_alone_and_all_of_them_otherwise()
    {
        var account = await api.RegisteredAccount();
        foreach (var principal in (string[])["root", "user:alice"])
        {
            var by = principal == "root" ? account.Root : await account.CreatedUser("alice");
            var device = await (await account.AssignedDevice(by, principal)).Activated();
            account.Time.Pass(TimeSpan.FromMinutes(5));
            (await device.Verify(device.Code(-1))).ShouldBe(HttpStatusCode.OK);
        }

        var everybody = await Played(account, new { signInWindow = 0 });
        everybody["differences"].EnumerateArray().Select(item => item.GetProperty("principal").GetString()).ShouldBe(["root", "user:alice"]);
        var alice = await Played(account, new { signInWindow = 0, principal = "user:alice" });
        alice["differences"].EnumerateArray().Select(item => item.GetProperty("principal").GetString()).ShouldBe(["user:alice"]);
        alice["eventsTotal"].GetInt64().ShouldBeLessThan(everybody["eventsTotal"].GetInt64());

        (await account.A("auditor").Post($"{account.Path}/what-if", new { principal = "user:nobody" })).ShouldRefuse(404, "not-found");
        (await account.A("auditor").Post($"{account.Path}/what-if", new { principal = "account" })).ShouldFindFault("principal");
    }

    [Fact]
    public async Task A_history_of_many_pages_is_played_to_its_end_and_the_first_thousand_differences_are_kept()
    {
        const int Wrong = 2500;
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();
        await using (var session = api.Store.LightweightSession(account.Id))
        {
            for (var i = 0; i < Wrong; i++) session.Events.Append("root", new CodeRejected(device.Id, CodePurpose.Verification, RejectionReason.Wrong));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        account.Time.Pass(TimeSpan.FromDays(1));
        (await device.Verify(device.Code(-1))).ShouldBe(HttpStatusCode.OK);

        // At one instant all but the first of them would have been refused unseen.
        var job = await Played(account, new { firstWaitAt = 1 });
        (job["eventsDone"].GetInt64(), job["attempts"].GetInt64()).ShouldBe((await account.VersionOf("root"), Wrong + 2));
        job["differencesTotal"].GetInt64().ShouldBe(Wrong - 1);
        Ends(job).ShouldBe(Enumerable.Repeat("refused throttled", 1000));
    }

    [Fact]
    public async Task It_is_for_auditors_of_the_account_and_nobody_else()
    {
        var (account, other) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var location = (await account.A("auditor").Post($"{account.Path}/what-if", new { })).ShouldBe(HttpStatusCode.Accepted).Location!;
        foreach (var role in (string[])["service", "operator", "support-agent", "support-approver", "provisioner"])
        {
            (await account.A(role).Post($"{account.Path}/what-if", new { })).ShouldRefuse(403, "forbidden");
            (await account.A(role).Get(location)).ShouldRefuse(403, "forbidden");
        }

        (await account.Root.Post($"{account.Path}/what-if", new { })).ShouldRefuse(403, "forbidden");
        (await other.A("auditor").Post($"{account.Path}/what-if", new { })).ShouldRefuse(404, "not-found");
        (await other.A("auditor").Get(location)).ShouldRefuse(404, "not-found");
        (await api.A("auditor").Get(location)).ShouldBe(HttpStatusCode.OK);
        (await api.A("auditor").Get("/jobs/x")).ShouldRefuse(404, "not-found");
        (await api.A("auditor").Get($"/jobs/{Guid.NewGuid()}")).ShouldRefuse(404, "not-found");
        (await api.A("auditor").Post("/accounts/999999999999/what-if", new { })).ShouldRefuse(404, "not-found");
        (await api.Nobody().Get(location)).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task Settings_that_no_policy_could_have_are_refused_and_named()
    {
        var account = await api.RegisteredAccount();
        var refused = await account.A("auditor").Post(
            $"{account.Path}/what-if",
            new { signInWindow = 2, searchWindow = 1, firstWaitAt = 0, firstWaitSeconds = 1.5, longestWaitSeconds = "60", suspendAt = 101, principal = 7 });
        refused.ShouldFindFault("signInWindow", "searchWindow", "firstWaitAt", "firstWaitSeconds", "longestWaitSeconds", "suspendAt", "principal");
        refused["errors"].GetProperty("suspendAt")[0].GetString().ShouldBe("suspendAt must be a whole number from 1 to 100.");
        (await account.A("auditor").Post($"{account.Path}/what-if", new { suspendAt = 99_999_999_999L })).ShouldFindFault("suspendAt");
    }

    [Fact]
    public async Task An_account_has_one_at_a_time()
    {
        var (account, other) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var running = await Stored(account, account.Time.Now);
        (await account.A("auditor").Post($"{account.Path}/what-if", new { })).ShouldRefuse(409, "conflict");
        (await other.A("auditor").Post($"{other.Path}/what-if", new { })).ShouldBe(HttpStatusCode.Accepted);

        // The message of a step that was done is late; that of the one to come ends it.
        await api.HandleAsync(account.Id, new ContinueWhatIf(running.Id, 1));
        (await account.A("auditor").Get($"/jobs/{running.Id}")).TextOf("state").ShouldBe("running");
        await api.HandleAsync(account.Id, new ContinueWhatIf(running.Id, 0));
        (await account.A("auditor").Get($"/jobs/{running.Id}")).TextOf("state").ShouldBe("succeeded");
    }

    // A node that is about to die may still hold the step when the message comes a second time.
    [Fact]
    public async Task A_step_that_another_node_holds_is_asked_for_again_and_not_given_up()
    {
        var account = await api.RegisteredAccount();
        var running = await Stored(account, account.Time.Now);
        await using (var holding = api.Store.LightweightSession(account.Id))
        {
            (await holding.TryHoldAsync(running.Id.ToString("N")[^16..], TestContext.Current.CancellationToken)).ShouldBeTrue();
            await api.HandleAsync(account.Id, new ContinueWhatIf(running.Id, 0));
        }

        await Scenarios.Eventually(
            async () => (await account.A("auditor").Get($"/jobs/{running.Id}")).TextOf("state") == "succeeded", "the what-if ends without another message");
    }

    [Fact]
    public async Task One_that_makes_no_step_any_more_stands_in_nobodys_way()
    {
        var account = await api.RegisteredAccount();
        var forgotten = await Stored(account, account.Time.Now);
        account.Time.Pass(TimeSpan.FromHours(1.9));
        (await account.A("auditor").Post($"{account.Path}/what-if", new { })).ShouldRefuse(409, "conflict");
        account.Time.Pass(TimeSpan.FromHours(0.2));
        (await account.A("auditor").Post($"{account.Path}/what-if", new { })).ShouldBe(HttpStatusCode.Accepted);
        var job = await account.A("auditor").Get($"/jobs/{forgotten.Id}");
        job.TextOf("state").ShouldBe("failed");
        job.TextOf("outcome").ShouldBe("It made no step for two hours, and another was asked for.");

        // The step that it was waiting for comes after all.
        await api.HandleAsync(account.Id, new ContinueWhatIf(forgotten.Id, 0));
        (await account.A("auditor").Get($"/jobs/{forgotten.Id}")).TextOf("state").ShouldBe("failed");
    }

    [Fact]
    public async Task A_history_that_takes_longer_than_a_step_may_fails_the_job()
    {
        var account = await api.RegisteredAccount();
        var running = await Stored(account, account.Time.Now);
        await using var scope = api.Services.CreateAsyncScope();
        await using var session = api.Store.LightweightSession(account.Id);
        var next = await ContinueWhatIfHandler.Handle(
            new ContinueWhatIf(running.Id, 0), session, api.Store, new Leaping(), NullLogger<WhatIfJob>.Instance, TestContext.Current.CancellationToken);
        next.ShouldBeEmpty();
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        var job = await account.A("auditor").Get($"/jobs/{running.Id}");
        job.TextOf("state").ShouldBe("failed");
        job.TextOf("outcome").ShouldBe("The history of root takes longer to play than the 60 minutes of a step.");
    }

    // Whoever has the database's password can make it so, and then an auditor asks.
    [Fact]
    public async Task A_history_whose_end_was_cut_off_fails_the_job_and_keeps_no_node_busy()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice("phone").Activated();
        await api.RowsAsync("delete from mfa.mt_events where tenant_id = $1 and stream_id = 'root' and version > 1", account.Id);

        var auditor = account.A("auditor");
        var location = (await auditor.Post($"{account.Path}/what-if", new { })).ShouldBe(HttpStatusCode.Accepted).Location!;
        await Scenarios.Eventually(async () => (await auditor.Get(location)).TextOf("state") != "running", "the what-if ends");
        var job = await auditor.Get(location);
        job.TextOf("state").ShouldBe("failed");
        job.TextOf("outcome").ShouldBe("The history of root has lost its event of version 2: verify the account's audit trail.");
    }

    // What a step does first is to read its job: whatever that fails with passes, and there is nobody who could do the step instead.
    [Fact]
    public async Task A_step_that_fails_is_tried_again_and_blocks_no_account_as_a_dead_letter()
    {
        await using var host = await run.StartHostAsync("mfa_tests_what_if_fails");
        var account = await host.RegisteredAccount();
        var running = await Stored(account, account.Time.Now, host);
        await host.RowsAsync("alter table mfa.mt_doc_whatifjob rename to away");
        await using (var scope = host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(new ContinueWhatIf(running.Id, 0), new DeliveryOptions { TenantId = account.Id });
        await Scenarios.Eventually(
            async () => (await host.RowsAsync("select id from wolverine.wolverine_dead_letters union all select id from wolverine.wolverine_incoming_envelopes where message_type like '%ContinueWhatIf' and attempts > 0")).Count > 0,
            "the step has failed");
        await host.RowsAsync("alter table mfa.away rename to mt_doc_whatifjob");
        await Scenarios.Eventually(async () => (await account.A("auditor").Get($"/jobs/{running.Id}")).TextOf("state") == "succeeded", "the what-if ends");
    }

    private static async Task<Reply> Played(OpenAccount account, object settings)
    {
        var auditor = account.A("auditor");
        var location = (await auditor.Post($"{account.Path}/what-if", settings)).ShouldBe(HttpStatusCode.Accepted).Location!;
        location.ShouldStartWith("/jobs/");
        await Scenarios.Eventually(async () => (await auditor.Get(location)).TextOf("state") != "running", "the what-if ends");
        var job = (await auditor.Get(location)).ShouldBe(HttpStatusCode.OK);
        job.TextOf("state").ShouldBe("succeeded");
        return job;
    }

    private static string[] Ends(Reply job) =>
        [.. job["differences"].EnumerateArray().Select(item => $"{item.GetProperty("was").GetString()} {item.GetProperty("wouldBe").GetString()}")];

    private static (string?, long, string?, string?, bool) Told(JsonElement difference) => (
        difference.GetProperty("principal").GetString(),
        difference.GetProperty("version").GetInt64(),
        difference.GetProperty("was").GetString(),
        difference.GetProperty("wouldBe").GetString(),
        difference.GetProperty("isCertain").GetBoolean());

    private async Task<WhatIfJob> Stored(OpenAccount account, DateTimeOffset at, MfaHost? host = null)
    {
        var running = new WhatIfJob
        {
            Id = Guid.NewGuid(), AccountId = account.Id, Live = new DevicePolicy(), Tried = new DevicePolicy(), StartedBy = "ann", StartedAt = at, SteppedAt = at,
        };
        await using var session = (host ?? api).Store.LightweightSession(account.Id);
        session.Store(running);
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        return running;
    }

    private Task<IReadOnlyList<string>> Stored(OpenAccount account) => api.RowsAsync(
        "select seq_id || data::text from mfa.mt_events where tenant_id = $1 union all select data::text from mfa.mt_doc_principalmfa where tenant_id = $1 order by 1",
        account.Id);

    /// <summary>An hour goes by between any two looks at it.</summary>
    private sealed class Leaping : TimeProvider
    {
        private DateTimeOffset now = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => now += TimeSpan.FromMinutes(61);
    }
}
