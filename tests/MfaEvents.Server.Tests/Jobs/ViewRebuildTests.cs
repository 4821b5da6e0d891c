using System.Net;
using JasperFx.Events.Projections;
using Marten;
using MfaEvents.Server.Jobs;
using MfaEvents.Server.Tests.Audit;
using MfaEvents.Server.Tests.Support;
using Wolverine;

namespace MfaEvents.Server.Tests.Jobs;

/// <summary>Views that are written with their events are thrown away and had back, while people work.</summary>
public sealed class ViewRebuildTests(TestRun run)
{
    private static readonly string[] Documents = ["principalmfa", "account", "devicename", "iamuser", "session", "rootrecovery", "supportcase", "caseinprogress"];

    [Fact]
    public async Task Every_view_that_was_deleted_is_had_back_as_it_was()
    {
        await using var host = await run.StartHostAsync("mfa_views");
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => RebuildTests.ABusyAccount(host))));
        var account = await HadARecoveryAndCases(host);
        var before = await RowsOf(host);
        foreach (var table in Documents) before.ShouldContain(row => row.StartsWith(table), table);

        foreach (var view in InlineView.All) (await host.Rebuilt(view.Projection)).ShouldHaveSucceeded(missing: 0);
        (await RowsOf(host)).ShouldBe(before, "what is right stays as it is");

        foreach (var view in InlineView.All)
        {
            var table = $"mfa.mt_doc_{view.Document.Name.ToLowerInvariant()}";
            var count = (await host.RowsAsync($"with gone as (delete from {table} returning 1) select count(*) from gone"))[0];
            var rebuild = (await host.Rebuilt(view.Projection)).ShouldHaveSucceeded(missing: long.Parse(count));
            rebuild["parity"].GetProperty("rowsCompared").GetInt64().ShouldBe(long.Parse(count));
            rebuild["eventsDone"].GetInt64().ShouldBe(rebuild["eventsTotal"].GetInt64());
        }

        (await RowsOf(host)).ShouldBe(before);
        (await host.Leftovers()).ShouldBeEmpty();

        // And commands go on with them.
        (await (await account.AssignedDevice().Activated()).Verified()).ShouldNotBeNull();
        foreach (var view in InlineView.All) (await host.Rebuilt(view.Projection)).ShouldHaveSucceeded(missing: 0);
    }

    [Fact]
    public async Task Whatever_nobody_explains_is_not_changed_unless_the_version_was_raised()
    {
        await using var host = await run.StartHostAsync("mfa_views_forged");
        var account = await host.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();
        await device.Verified();
        var before = await RowsOf(host);
        await host.RowsAsync("update mfa.mt_doc_principalmfa set data = jsonb_set(data, '{consecutiveFailures}', '7') where id = 'root'");
        await host.RowsAsync("insert into mfa.mt_doc_principalmfa (tenant_id, id, data) select tenant_id, 'user:ghost', data from mfa.mt_doc_principalmfa");
        var forged = await RowsOf(host);

        var refused = await host.Rebuilt("PrincipalMfa");
        refused.TextOf("state").ShouldBe("failed");
        refused["parity"].GetProperty("differences").GetInt64().ShouldBe(2);
        refused["parity"].GetProperty("examples").EnumerateArray().Select(one => one.GetString()).ShouldBe(
            [$"{account.Id} root differs from its events in consecutiveFailures", $"{account.Id} user:ghost belongs to no event"]);
        (await RowsOf(host)).ShouldBe(forged);
        (await host.Leftovers()).ShouldBeEmpty();

        // Other accounts are not asked about it.
        var other = await host.RegisteredAccount();
        (await host.Rebuilt("PrincipalMfa", other.Id)).ShouldHaveSucceeded();

        // What an earlier version has built is expected to differ, until all of it was built by the new one.
        await using (var session = host.Store.LightweightSession())
        {
            session.Store(new BuiltView("PrincipalMfa", 0));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        (await host.Rebuilt("PrincipalMfa", account.Id)).TextOf("state").ShouldBe("succeeded");
        (await RowsOf(host)).Where(row => row.Contains(account.Id)).ShouldBe(before);
        await host.RowsAsync("update mfa.mt_doc_principalmfa set data = jsonb_set(data, '{consecutiveFailures}', '7') where id = 'root'");
        (await host.Rebuilt("PrincipalMfa")).TextOf("state").ShouldBe("succeeded");
        await host.RowsAsync("update mfa.mt_doc_principalmfa set data = jsonb_set(data, '{consecutiveFailures}', '7') where id = 'root'");
        (await host.Rebuilt("PrincipalMfa")).TextOf("state").ShouldBe("failed");
    }

    [Fact]
    public async Task One_name_of_two_devices_is_a_difference()
    {
        await using var host = await run.StartHostAsync("mfa_views_names");
        var account = await host.RegisteredAccount();
        await account.AssignedDevice("phone");
        await host.RowsAsync("delete from mfa.mt_doc_devicename");
        var user = await account.CreatedUser();
        await account.AssignedDevice(user, user.Principal!, "Phone");

        var refused = await host.Rebuilt("device-names");
        refused.TextOf("state").ShouldBe("failed");
        refused["parity"].GetProperty("examples").EnumerateArray().Select(one => one.GetString()).ShouldContain($"{account.Id} phone belongs to two streams");
    }

    [Fact]
    public async Task A_principal_that_works_meanwhile_is_mended_under_its_lock()
    {
        await using var host = await run.StartHostAsync("mfa_views_busy");
        var account = await host.RegisteredAccount();
        var devices = new List<HeldDevice>();
        foreach (var name in (string[])["alice", "bob", "carol", "dave"])
        {
            var user = await account.CreatedUser(name);
            devices.Add(await account.AssignedDevice(user, user.Principal!).Activated());
        }

        var stop = false;
        var work = Task.WhenAll(devices.Select(device => Task.Run(async () =>
        {
            for (var number = 0; !Volatile.Read(ref stop); number++)
                (await account.Root.Patch(device.Path, new { deviceName = Scenarios.NewName($"phone-{number}-") })).ShouldBe(HttpStatusCode.OK);
        })));
        for (var times = 0; times < 10; times++)
        {
            // Their names are lost again and again; nobody looks at them but whoever assigns the same.
            await host.RowsAsync("delete from mfa.mt_doc_devicename");
            (await host.Rebuilt("device-names")).ShouldHaveSucceeded();
            (await host.Rebuilt("PrincipalMfa")).ShouldHaveSucceeded(missing: 0);
        }

        Volatile.Write(ref stop, true);
        await work;
        (await host.Rebuilt("device-names")).ShouldHaveSucceeded(missing: 0);
        (await host.RowsAsync("select count(*) from mfa.mt_doc_devicename"))[0].ShouldBe("4");
    }

    [Fact]
    public async Task A_stream_that_cannot_be_read_ends_the_rebuild_and_nothing_is_changed()
    {
        await using var host = await run.StartHostAsync("mfa_views_poisoned");
        var account = await host.RegisteredAccount();
        await account.CreatedUser("alice");
        await host.RowsAsync("delete from mfa.mt_doc_iamuser");
        await host.RowsAsync("update mfa.mt_events set data = '[1]' where type = 'user_created'");

        var failed = await host.Rebuilt("users");
        failed.TextOf("state").ShouldBe("failed");
        failed.TextOf("outcome").ShouldContain("the view is as it was");
        (await host.RowsAsync("select id from mfa.mt_doc_iamuser")).ShouldBeEmpty();
        (await host.Leftovers()).ShouldBeEmpty();
        (await host.RowsAsync("select id::text from wolverine.wolverine_dead_letters where message_type like '%ContinueRebuild'")).ShouldBeEmpty();
        (await host.Rebuilt("Account")).TextOf("state").ShouldBe("failed");
        (await host.Rebuilt("sessions")).ShouldHaveSucceeded();
    }

    [Fact]
    public async Task A_step_that_fails_is_tried_again_and_leaves_no_rebuild_running_for_ever()
    {
        await using var host = await run.StartHostAsync("mfa_rebuild_step_fails");
        var rebuild = new Rebuild { Id = Guid.NewGuid(), Projection = "users", StartedBy = "test", StartedAt = DateTimeOffset.UtcNow };
        await using (var session = host.Store.LightweightSession())
        {
            session.Store(rebuild);
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        await host.RowsAsync("alter table mfa.mt_doc_rebuild rename to away");
        await using (var scope = host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(new ContinueRebuild(rebuild.Id, 0));
        await Scenarios.Eventually(
            async () => (await host.RowsAsync("select id from wolverine.wolverine_dead_letters union all select id from wolverine.wolverine_incoming_envelopes where message_type like '%ContinueRebuild' and attempts > 0")).Count > 0,
            "the step has failed");
        await host.RowsAsync("alter table mfa.away rename to mt_doc_rebuild");
        (await host.EndedRebuild($"/rebuilds/{rebuild.Id}")).ShouldHaveSucceeded(missing: 0);
    }

    [Fact]
    public async Task Every_projection_has_a_view_to_rebuild_or_says_that_it_has_none()
    {
        var projections = ((DocumentStore)run.Host.Store).Options.Projections.All;
        var rebuildable = InlineView.All.Select(view => view.Projection).ToList();
        projections.Where(one => one.Lifecycle == ProjectionLifecycle.Inline).Select(one => one.Name).Except(rebuildable)
            .ShouldBe(["seed-destruction", "enrolment-codes"], ignoreOrder: true);
        rebuildable.Except(projections.Select(one => one.Name)).ShouldBeEmpty();
        foreach (var none in (string[])["seed-destruction", "enrolment-codes", "notices"])
            (await run.Host.A("operator").Post($"/projections/{none}/rebuilds")).ShouldRefuse(409, "conflict");
    }

    private static async Task<OpenAccount> HadARecoveryAndCases(MfaHost host)
    {
        var (account, lost) = await host.AccountWithLostDevice();
        await account.SignedIn(lost);
        await account.BegunRecovery().EmailProven().PhoneProven();
        await account.BegunRecovery();
        foreach (var user in (string[])["alice", "bob"]) await account.CreatedUser(user);
        await account.OpenedCase("user:alice").Requested();
        var closed = await account.OpenedCase("user:bob");
        (await account.Agent().Post(closed.Path + "/closure", new { note = Desk.Note })).ShouldBe(HttpStatusCode.OK);
        await account.OpenedCase("user:bob");
        (await account.Root.Delete($"{account.Path}/users/bob")).ShouldBe(HttpStatusCode.NoContent);
        return account;
    }

    // All but when a row was written, and the number that only tells one write of a document from another.
    private static async Task<IReadOnlyList<string>> RowsOf(MfaHost host)
    {
        var rows = new List<string>();
        foreach (var table in Documents)
            rows.AddRange(await host.RowsAsync($"select concat_ws(' ', '{table}', tenant_id, id, mt_dotnet_type, data::text) from mfa.mt_doc_{table} order by 1"));
        return rows;
    }
}
