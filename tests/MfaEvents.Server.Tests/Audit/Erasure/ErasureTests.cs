using System.Net;
using System.Text.Json;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Jobs;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.SignIn;
using MfaEvents.Server.Tests.Jobs;
using OpenAccount = MfaEvents.Server.Tests.Harness.OpenAccount;

namespace MfaEvents.Server.Tests.Audit.Erasure;

/// <summary>What is erased is nowhere any more.</summary>
public sealed class ErasureTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Everything_that_can_be_erased_is_in_no_column_of_the_database_any_more()
    {
        var account = await api.VisitedAccount();
        foreach (var (value, places) in await Found(account)) places.ShouldNotBeEmpty($"{value} is somewhere before");
        await account.Erased(Erasable.Everything);
        foreach (var (value, places) in await Found(account)) places.ShouldBeEmpty($"{value} is nowhere after");
    }

    [Fact]
    public async Task The_trail_can_be_built_anew_afterwards_and_brings_nothing_back()
    {
        await using var host = await run.StartHostAsync("mfa_tests_erased");
        var account = await host.VisitedAccount();
        await account.Erased(Erasable.Everything);
        var rows = await host.RowsAsync("select item::text from mfa.audit_item item order by account_id, index");
        var location = (await host.A("operator").Post("/projections/audit/rebuilds")).ShouldBe(HttpStatusCode.Accepted).Location!;
        await Scenarios.Eventually(async () => (await host.A("operator").Get(location)).TextOf("state") != "running", "the rebuild ends");
        (await host.A("operator").Get(location)).TextOf("state").ShouldBe("succeeded");
        (await host.RowsAsync("select item::text from mfa.audit_item item order by account_id, index")).ShouldBe(rows);
    }

    // A node whose clock is behind asks for it, or it waits for the root user's lock while others sign in: their events come first.
    [Fact]
    public async Task Sessions_lose_with_their_events_what_is_erased_whatever_clocks_say()
    {
        await using var host = await run.StartHostAsync("mfa_tests_erased_sessions");
        var account = await host.VisitedAccount();
        account.Time.Pass(TimeSpan.FromMinutes(-10));
        await account.Erased(Erasable.Everything);
        (await host.RowsAsync("select data::text from mfa.mt_doc_session where data ->> 'sourceAddress' is not null or data ->> 'userAgent' is not null")).ShouldBeEmpty();
        foreach (var view in InlineView.All) (await host.Rebuilt(view.Projection)).ShouldHaveSucceeded(missing: 0);
    }

    [Fact]
    public async Task Only_what_is_named_is_erased_and_only_what_came_before()
    {
        var account = await api.VisitedAccount();
        await account.Erased("clientAddress");
        await account.CreatedUser("later");
        await account.Logged("user_created");

        var items = (await account.A("auditor").Get($"{account.Path}/audit")).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray().ToList();
        var created = items.First(item => item.GetProperty("eventType").GetString() == "user_created");
        created.GetProperty("sourceAddress").ValueKind.ShouldBe(JsonValueKind.String);
        var registered = items.Single(item => item.GetProperty("eventType").GetString() == "account_registered");
        registered.GetProperty("sourceAddress").ValueKind.ShouldBe(JsonValueKind.Null);
        registered.GetProperty("userAgent").GetString().ShouldStartWith("tests/");

        var contact = (await account.Root.Get($"{account.Path}/contact")).ShouldBe(HttpStatusCode.OK);
        contact.TextOf("email").ShouldBe(account.Email);
        contact.TextOf("phone").ShouldBe(account.Phone);
        (await account.Root.Get(account.Path)).TextOf("accountName").ShouldBe(account.AccountName);
        (await account.Verified())["intact"].GetBoolean().ShouldBeTrue();
        await Mailbox.Of(account).Get("Personal data were erased");

        // What is erased is not covered again for what comes after it.
        await api.RowsAsync("update mfa.mt_events set headers = headers - 'clientAddress' - 'clientAddressSalt' where tenant_id = $1 and type = 'user_created'", account.Id);
        (await account.Verified()).FirstDifference().ShouldBe(("personalDataMissing", "clientAddress"));
    }

    [Fact]
    public async Task It_waits_for_a_rebuild_and_a_rebuild_for_it()
    {
        await using var host = await run.StartHostAsync("mfa_tests_erasing");
        var account = await host.VisitedAccount();
        var rebuild = new Rebuild { Id = Guid.NewGuid(), Projection = "audit", StartedBy = "test", StartedAt = account.Time.Now };
        await using (var session = host.Store.LightweightSession())
        {
            session.Store(rebuild);
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var location = (await account.PostErasure("userAgent")).ShouldBe(HttpStatusCode.Accepted).Location!;
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        (await account.A("operator").Get(location)).TextOf("state").ShouldBe("running");
        (await host.A("operator").Post("/projections/audit/rebuilds")).ShouldRefuse(409, "rebuild-running");

        await using (var session = host.Store.LightweightSession())
        {
            session.Store(rebuild with { State = RebuildState.Failed });
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        (await host.A("operator").Post("/projections/audit/rebuilds")).ShouldRefuse(409, "conflict");
        await account.ErasureEnded(location);
        (await host.A("operator").Post("/projections/audit/rebuilds")).ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Operators_alone_erase_and_only_what_there_is()
    {
        var account = await api.VisitedAccount();
        var path = $"{account.Path}/erasures";
        object email = new { fields = (string[])["email"] };
        foreach (var role in (string[])["auditor", "support-agent", "support-approver", "service", "provisioner"])
            (await account.A(role).Post(path, email)).ShouldRefuse(403, "forbidden");
        (await account.Root.Post(path, email)).ShouldRefuse(403, "forbidden");
        (await api.Nobody().Post(path, email)).ShouldRefuse(401, "unauthenticated");
        (await api.A("operator").Post("/accounts/999999999999/erasures", email)).ShouldRefuse(404, "not-found");

        var op = account.A("operator");
        (await op.Post(path)).ShouldRefuse(400, "malformed-request");
        foreach (var wrong in (object[])[new { }, new { fields = "email" }, new { fields = (int[])[1] }, new { fields = (string[])[] }, new { fields = (string[])["email", "password"] }, new { fields = (string[])["Email"] }])
            (await op.Post(path, wrong)).ShouldRefuse(400, "validation");
        (await account.VersionOf("account")).ShouldBe(1);
        (await op.Get($"{path}/{Guid.NewGuid()}")).ShouldRefuse(404, "not-found");
        (await op.Get($"{path}/none")).ShouldRefuse(404, "not-found");

        var erasure = (await account.PostErasure("phone", "phone")).ShouldBe(HttpStatusCode.Accepted);
        erasure.ShouldHave("erasureId", "state", "fields", "eventsErased", "startedAt", "finishedAt");
        erasure["fields"].GetArrayLength().ShouldBe(1);
        (await (await api.RegisteredAccount()).A("operator").Get(erasure.Location!)).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task A_repeated_request_erases_once()
    {
        var account = await api.VisitedAccount();
        var op = account.A("operator") with { IdempotencyKey = Guid.NewGuid().ToString() };
        var first = (await op.Post($"{account.Path}/erasures", new { fields = Erasable.Everything })).ShouldBe(HttpStatusCode.Accepted);
        var second = (await op.Post($"{account.Path}/erasures", new { fields = Erasable.Everything })).ShouldBe(HttpStatusCode.Accepted);
        second.TextOf("erasureId").ShouldBe(first.TextOf("erasureId"));
        (await account.VersionOf("account")).ShouldBe(2);
    }

    [Fact]
    public async Task A_long_history_of_several_streams_is_erased_to_its_end()
    {
        var account = await api.VisitedAccount();
        var user = await account.CreatedUser("alice");
        foreach (var stream in (string[])["root", user.Principal!])
        {
            await using var session = api.Store.LightweightSession(account.Id);
            new Origin("mallory", null, account.Address(), account.Agent()).Stamp(session);
            for (var i = 0; i < 2500; i++) session.Events.Append(stream, new SignInRefused(Factor.Password, null));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        await account.Logged("sign_in_refused");
        await account.Erased("clientAddress", "userAgent");
        foreach (var (value, places) in (await Found(account)).Skip(1)) places.ShouldBeEmpty($"{value} is nowhere after");
        (await account.Verified())["intact"].GetBoolean().ShouldBeTrue();
    }

    // It waited in a queue, as behind a database that was away.
    [Fact]
    public async Task What_is_recorded_late_brings_back_nothing_that_was_erased_since()
    {
        var account = await api.VisitedAccount();
        var seals = api.Services.GetRequiredService<Seals>();
        var from = new Origin("anonymous", null, account.Address(), account.Agent());
        var late = RecordSignInRefused.Of(new(account.Id, "root", ""), new FailuresInARow(1, null), from, account.Time.Now, seals);
        await account.Erased("clientAddress");
        await api.HandleAsync(account.Id, late);
        var newer = late with { RequestedAt = account.Time.Now.AddMinutes(1) };
        (await Headers()).ShouldBe([account.Agent()]);
        await api.HandleAsync(account.Id, newer);
        (await Headers()).ShouldBe([account.Agent(), $"{account.Address()} {account.Agent()}"]);

        Task<IReadOnlyList<string>> Headers() => api.RowsAsync(
            "select concat_ws(' ', headers ->> 'clientAddress', headers ->> 'userAgent') from mfa.mt_events where tenant_id = $1 and type = 'sign_in_refused' order by seq_id",
            account.Id);
    }

    /// <summary>In which columns of all tables a text stands.</summary>
    private async Task<IReadOnlyList<(string Value, IReadOnlyList<string> Places)>> Found(OpenAccount account)
    {
        var columns = await api.RowsAsync(
            """
            select format('select %L from %I.%I where %I::text ilike $1 limit 1', table_schema || '.' || table_name || '.' || column_name, table_schema, table_name, column_name)
            from information_schema.columns join information_schema.tables using (table_schema, table_name)
            where table_schema in ('mfa', 'directory', 'sealed', 'wolverine') and table_type = 'BASE TABLE'
            """);
        var found = new List<(string, IReadOnlyList<string>)>();
        foreach (var value in (string[])[account.Email, account.Address(), account.Agent()])
        {
            var places = new List<string>();
            foreach (var column in columns) places.AddRange(await api.RowsAsync(column, $"%{value}%"));
            found.Add((value, places));
        }

        return found;
    }
}
