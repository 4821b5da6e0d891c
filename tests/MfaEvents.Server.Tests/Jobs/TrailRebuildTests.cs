using System.Net;
using MfaEvents.Server.Audit.Trail;
using Npgsql;

namespace MfaEvents.Server.Tests.Jobs;

/// <summary>The audit trail is thrown away and had back while people work.</summary>
public sealed class TrailRebuildTests(TestRun run)
{
    private const string Rows = "select view::text from mfa.audit_item view order by account_id, index";

    [Fact]
    public async Task A_rebuilt_trail_is_the_trail_that_was_with_its_indexes_and_the_log_is_untouched()
    {
        await using var host = await run.StartHostAsync("mfa_rebuild_trail");
        var account = await Busy(host);
        var (rows, log) = (await host.RowsAsync(Rows), await host.RowsAsync("select tile::text from mfa.log_tile tile order by 1"));
        var shape = await Shape(host);

        var rebuild = await host.Rebuilt("audit");

        rebuild.ShouldHave(
            "rebuildId", "projection", "accountId", "state", "eventsDone", "eventsTotal", "eventsPerSecond", "remainingSeconds", "startedAt", "finishedAt", "parity", "outcome");
        rebuild.TextOf("state").ShouldBe("succeeded");
        rebuild["parity"].GetProperty("rowsCompared").GetInt64().ShouldBe(rows.Count);
        rebuild["parity"].GetProperty("differences").GetInt64().ShouldBe(0);
        rebuild["eventsDone"].GetInt64().ShouldBe(rows.Count);
        (await host.RowsAsync(Rows)).ShouldBe(rows);
        (await host.RowsAsync("select tile::text from mfa.log_tile tile order by 1")).ShouldBe(log);
        (await Shape(host)).ShouldBe(shape);
        (await host.Leftovers()).ShouldBeEmpty();

        // The projection goes on into the new one, and names devices as before.
        (await account.Root.Get($"{account.Path}/audit")).ShouldBe(HttpStatusCode.OK);
        await (await account.AssignedDevice("later").Activated()).Verified();
        await Complete(host);
        (await account.Root.Get($"{account.Path}/audit?eventType=code_accepted&limit=1"))["items"][0].GetProperty("deviceName").GetString().ShouldBe("later");
        (await account.Root.Post($"{account.Path}/audit/verification", new { }))["intact"].GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task What_was_lost_is_had_back_and_what_nobody_explains_is_not_swapped()
    {
        await using var host = await run.StartHostAsync("mfa_rebuild_lost");
        var account = await Busy(host);
        var rows = await host.RowsAsync(Rows);
        await host.RowsAsync("delete from mfa.audit_item where index % 3 = 1");
        await host.RowsAsync("delete from mfa.audit_device");
        var healed = await host.Rebuilt("audit");
        healed.TextOf("state").ShouldBe("succeeded");
        healed["parity"].GetProperty("missing").GetInt64().ShouldBeGreaterThan(3);
        (await host.RowsAsync(Rows)).ShouldBe(rows);

        await host.RowsAsync("update mfa.audit_item set actor = 'somebody else' where account_id = $1 and index = 3", account.Id);
        var forged = await host.RowsAsync(Rows);
        var refused = await host.Rebuilt("audit");
        refused.TextOf("state").ShouldBe("failed");
        refused["parity"].GetProperty("differences").GetInt64().ShouldBe(1);
        refused["parity"].GetProperty("examples")[0].GetString().ShouldBe($"{account.Id} 3 differs from its event");
        (await host.RowsAsync(Rows)).ShouldBe(forged);
        (await host.Leftovers()).ShouldBeEmpty();

        // A view that was built by an earlier version is expected to differ.
        await host.RowsAsync("update mfa.mt_doc_builtview set data = jsonb_set(data, '{version}', '0')");
        (await host.Rebuilt("audit")).TextOf("state").ShouldBe("succeeded");
        (await host.RowsAsync(Rows)).ShouldBe(rows);
    }

    [Fact]
    public async Task One_account_is_rebuilt_and_others_are_left_alone()
    {
        await using var host = await run.StartHostAsync("mfa_rebuild_one");
        var (account, other) = (await Busy(host), await Busy(host));
        var rows = await host.RowsAsync(Rows);
        await host.RowsAsync("delete from mfa.audit_item where account_id = $1", account.Id);
        await host.RowsAsync("delete from mfa.audit_item where account_id = $1 and index = 2", other.Id);

        var rebuild = await host.Rebuilt("audit", account.Id);
        rebuild.TextOf("state").ShouldBe("succeeded");
        rebuild.TextOf("accountId").ShouldBe(account.Id);
        (await host.RowsAsync(Rows)).Count.ShouldBe(rows.Count - 1);
        (await host.Rebuilt("audit", other.Id)).TextOf("state").ShouldBe("succeeded");
        (await host.RowsAsync(Rows)).ShouldBe(rows);
    }

    [Fact]
    public async Task A_rebuild_of_one_account_writes_the_rows_that_were_lost_and_no_other()
    {
        const string Written = "select index || ' ' || xmin from mfa.audit_item where account_id = $1 and index <> all('{2,3,7}') order by index";
        await using var host = await run.StartHostAsync("mfa_rebuild_few");
        var account = await Busy(host);
        var (rows, written) = (await host.RowsAsync(Rows), await host.RowsAsync(Written, account.Id));
        await host.RowsAsync("delete from mfa.audit_item where account_id = $1 and index = any('{2,3,7}')", account.Id);
        await host.RowsAsync("update mfa.audit_device set device_name = 'forged' where account_id = $1", account.Id);

        (await host.Rebuilt("audit", account.Id)).ShouldHaveSucceeded(missing: 3);
        (await host.RowsAsync(Rows)).ShouldBe(rows);
        (await host.RowsAsync(Written, account.Id)).ShouldBe(written);
        (await host.RowsAsync("select device_name from mfa.audit_device where account_id = $1", account.Id)).ShouldNotContain("forged");
        (await host.Leftovers()).ShouldBeEmpty();

        // What no event accounts for goes when the version was raised, also where the new view has come to its end.
        (await host.Rebuilt("audit")).ShouldHaveSucceeded();
        await host.RowsAsync("update mfa.mt_doc_builtview set data = jsonb_set(data, '{version}', '0')");
        await host.RowsAsync("update mfa.audit_item set actor = 'somebody else' where account_id = $1 and index = 4", account.Id);
        var columns = string.Join(", ", AuditTables.ItemColumns.Select(column => column.Name).Where(name => name != "index"));
        await host.RowsAsync($"insert into mfa.audit_item (index, {columns}) select 1000, {columns} from mfa.audit_item where account_id = $1 and index = 5", account.Id);
        (await host.Rebuilt("audit", account.Id)).TextOf("state").ShouldBe("succeeded");
        (await host.RowsAsync(Rows)).ShouldBe(rows);
    }

    [Fact]
    public async Task Readers_see_all_of_it_at_every_moment_while_people_work()
    {
        await using var host = await run.StartHostAsync("mfa_rebuild_readers");
        var account = await Busy(host);
        var stop = false;
        var (writer, reader) = (Write(), Read());
        for (var times = 0; times < 3; times++) (await host.Rebuilt("audit")).TextOf("state").ShouldBe("succeeded");
        Volatile.Write(ref stop, true);
        await writer;
        (await reader).ShouldBeGreaterThan(5);
        await Complete(host);
        (await account.Root.Post($"{account.Path}/audit/verification", new { }))["intact"].GetBoolean().ShouldBeTrue();

        async Task Write()
        {
            for (var number = 0; !Volatile.Read(ref stop); number++)
                (await account.Root.Post($"{account.Path}/users", new { userName = $"w{number}" })).ShouldBe(HttpStatusCode.Created);
        }

        async Task<int> Read()
        {
            var (reads, most) = (0, 0L);
            while (!Volatile.Read(ref stop))
            {
                var page = (await account.Root.Get($"{account.Path}/audit?limit=500")).ShouldBe(HttpStatusCode.OK);
                var indexes = page["items"].EnumerateArray().Select(item => item.GetProperty("index").GetInt64()).ToArray();
                indexes[0].ShouldBeGreaterThanOrEqualTo(most);
                most = indexes[0];
                indexes.ShouldBe(Enumerable.Range(0, indexes.Length).Select(i => most - i));
                (indexes[^1] == 0 || indexes.Length == 500).ShouldBeTrue();
                reads++;
            }

            return reads;
        }
    }

    [Fact]
    public async Task It_is_an_operators_one_at_a_time_and_can_be_cancelled()
    {
        await using var host = await run.StartHostAsync("mfa_rebuild_roles");
        var account = await Busy(host);
        (await account.Root.Post("/projections/audit/rebuilds")).ShouldRefuse(403, "forbidden");
        (await host.A("auditor").Post("/projections/audit/rebuilds")).ShouldRefuse(403, "forbidden");
        (await host.Nobody().Post("/projections/audit/rebuilds")).ShouldRefuse(401, "unauthenticated");
        var op = host.A("operator");
        (await op.Post("/projections/nothing/rebuilds")).ShouldRefuse(404, "not-found");
        (await op.Post("/projections/notices/rebuilds")).ShouldRefuse(409, "conflict");
        (await op.Post("/projections/audit/rebuilds", new { accountId = "1" })).ShouldFindFault("accountId");
        (await op.Post("/projections/audit/rebuilds", new { accountId = "000000000000" })).ShouldRefuse(404, "not-found");
        (await op.Get($"/rebuilds/{Guid.NewGuid()}")).ShouldRefuse(404, "not-found");
        (await op.Post($"/rebuilds/{Guid.NewGuid()}/cancellation")).ShouldRefuse(404, "not-found");

        // An operator of some accounts has no business with those of others, nor with all of them.
        var (own, others) = (account.A("operator"), (await host.RegisteredAccount()).A("operator"));
        (await own.Post("/projections/audit/rebuilds")).ShouldRefuse(403, "forbidden");
        (await others.Post("/projections/audit/rebuilds", new { accountId = account.Id })).ShouldRefuse(404, "not-found");

        // Held at its first step by somebody who has the trail's table.
        await using var connection = await host.ConnectAsync();
        await using var held = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand("lock table mfa.audit_item in access exclusive mode", connection, held))
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var first = (await op.Post("/projections/audit/rebuilds")).ShouldBe(HttpStatusCode.Accepted);
        (await op.Post("/projections/audit/rebuilds", new { accountId = account.Id })).ShouldRefuse(409, "rebuild-running");
        (await own.Get(first.Location!)).ShouldRefuse(404, "not-found");
        (await own.Post(first.Location + "/cancellation")).ShouldRefuse(404, "not-found");
        (await op.Post(first.Location + "/cancellation")).ShouldBe(HttpStatusCode.Accepted);

        // It is not waited for the step.
        var ended = await host.EndedRebuild(first.Location!);
        ended.TextOf("state").ShouldBe("cancelled");
        ended.TextOf("outcome").ShouldContain("cancelled it");
        (ended["finishedAt"].GetDateTimeOffset() - ended["startedAt"].GetDateTimeOffset()).ShouldBeLessThan(TimeSpan.FromSeconds(4));
        await held.RollbackAsync(TestContext.Current.CancellationToken);
        (await op.Post(first.Location + "/cancellation")).ShouldRefuse(409, "rebuild-finished");
        (await host.Leftovers()).ShouldBeEmpty();
        (await host.Rebuilt("audit")).TextOf("state").ShouldBe("succeeded");

        var part = (await own.Post("/projections/audit/rebuilds", new { accountId = account.Id })).ShouldBe(HttpStatusCode.Accepted);
        (await others.Get(part.Location!)).ShouldRefuse(404, "not-found");
        (await others.Post(part.Location + "/cancellation")).ShouldRefuse(404, "not-found");
        (await own.Get(part.Location!)).ShouldBe(HttpStatusCode.OK);
        (await host.EndedRebuild(part.Location!)).TextOf("state").ShouldBe("succeeded");
    }

    private static async Task<OpenAccount> Busy(MfaHost host)
    {
        var account = await host.RegisteredAccount();
        var user = await account.CreatedUser();
        var device = await account.AssignedDevice(user, user.Principal!).Activated();
        for (var i = 0; i < 3; i++) await device.Verified();
        (await account.Root.Patch(device.Path, new { deviceName = Scenarios.NewName("renamed") })).ShouldBe(HttpStatusCode.OK);
        await device.Verified();
        await Complete(host);
        return account;
    }

    private static Task Complete(MfaHost host) => Scenarios.Eventually(
        async () => (await host.RowsAsync("select (select coalesce(max(seq_id), 0) from mfa.mt_events) <= (select max(last_seq_id) from mfa.mt_event_progression where name like 'audit:%')"))[0] == "True",
        "the trail is complete");

    private static Task<IReadOnlyList<string>> Shape(MfaHost host) => host.RowsAsync(
        """
        select indexdef from pg_indexes where schemaname = 'mfa' and tablename like 'audit_%'
        union all select conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where conrelid::regclass::text like '%audit_%'
        union all select table_name || ' ' || column_name || ' ' || is_nullable || ' ' || ordinal_position from information_schema.columns where table_schema = 'mfa' and table_name like 'audit_%'
        order by 1
        """);
}
