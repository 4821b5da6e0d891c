using System.Net;
using System.Text.Json;
using Marten.Services;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Jobs;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.SignIn;
using MfaEvents.Server.Tests.Jobs;
using MfaEvents.Server.Tests.Support;
using OpenAccount = MfaEvents.Server.Tests.Harness.OpenAccount;

namespace MfaEvents.Server.Tests.Audit.Erasure;

/// <summary>What is erased is nowhere any more, and whatever can be proven without it is proven as before.</summary>
public sealed class ErasureTests(TestRun run)
{
    private static readonly string[] Everything = ["accountName", "email", "phone", "clientAddress", "userAgent"];

    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Everything_that_can_be_erased_is_in_no_column_of_the_database_any_more()
    {
        var account = await Visited();
        foreach (var (value, places) in await Found(account)) places.ShouldNotBeEmpty($"{value} is somewhere before");
        await Erase(account, Everything);
        foreach (var (value, places) in await Found(account)) places.ShouldBeEmpty($"{value} is nowhere after");
    }

    [Fact]
    public async Task History_proofs_and_verification_are_what_they_were()
    {
        var account = await Visited();
        var before = await Root(account);
        await Erase(account, Everything);
        await Logged(account, "personal_data_erased");

        var verification = await Verify(account);
        verification["intact"].GetBoolean().ShouldBeTrue(verification.ToString());
        (await Root(account, before.Size)).ShouldBe(before);

        var items = (await account.A("auditor").Get($"{account.Path}/audit?limit=500")).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray().ToList();
        var erased = items.Single(item => item.GetProperty("eventType").GetString() == "personal_data_erased");
        erased.GetProperty("data").GetProperty("fields").EnumerateArray().Select(field => field.GetString()).ShouldBe(Everything);
        erased.GetProperty("actor").GetString().ShouldNotBeNullOrEmpty();
        erased.GetProperty("sourceAddress").ValueKind.ShouldBe(JsonValueKind.String);
        foreach (var item in items.Where(item => item.GetProperty("index").GetInt64() < erased.GetProperty("index").GetInt64()))
        {
            item.GetProperty("sourceAddress").ValueKind.ShouldBe(JsonValueKind.Null, item.GetRawText());
            item.GetProperty("userAgent").ValueKind.ShouldBe(JsonValueKind.Null, item.GetRawText());
        }

        (await account.Root.Get($"{account.RootPath}/history")).ShouldBe(HttpStatusCode.OK)["items"].GetArrayLength().ShouldBeGreaterThan(3);
        var sessions = (await account.Root.Get($"{account.RootPath}/sessions")).ShouldBe(HttpStatusCode.OK)["sessions"].EnumerateArray();
        foreach (var session in sessions) session.GetProperty("sourceAddress").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task The_trail_can_be_built_anew_afterwards_and_brings_nothing_back()
    {
        await using var host = await run.StartHostAsync("mfa_tests_erased");
        var account = await Visited(host);
        await Erase(account, Everything);
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
        var account = await Visited(host);
        account.Time.Pass(TimeSpan.FromMinutes(-10));
        await Erase(account, Everything);
        (await host.RowsAsync("select data::text from mfa.mt_doc_session where data ->> 'sourceAddress' is not null or data ->> 'userAgent' is not null")).ShouldBeEmpty();
        foreach (var view in InlineView.All) (await host.Rebuilt(view.Projection)).ShouldHaveSucceeded(missing: 0);
    }

    [Fact]
    public async Task Only_what_is_named_is_erased_and_only_what_came_before()
    {
        var account = await Visited();
        await Erase(account, "clientAddress");
        await account.CreatedUser("later");
        await Logged(account, "user_created");

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
        (await Verify(account))["intact"].GetBoolean().ShouldBeTrue();
        await Mailbox.Of(account).Get("Personal data were erased");

        // What is erased is not covered again for what comes after it.
        await api.RowsAsync("update mfa.mt_events set headers = headers - 'clientAddress' - 'clientAddressSalt' where tenant_id = $1 and type = 'user_created'", account.Id);
        Difference(await Verify(account)).ShouldBe(("personalDataMissing", "clientAddress"));
    }

    [Fact]
    public async Task An_erased_address_is_told_once_signs_nobody_in_and_is_free_for_others()
    {
        var account = await Visited();
        await Erase(account, "email", "phone");
        var told = await Mailbox.Of(account).Get("Personal data were erased");
        told.Text.ShouldContain("e-mail addresses, phone numbers");
        told.Text.ShouldNotContain("?token=");

        (await account.Stranger().SignIn(account)).ShouldRefuse(403, "invalid-credentials");
        (await api.A("provisioner").Post("/accounts", Scenarios.Registration(account.Email))).ShouldBe(HttpStatusCode.Created);
        var contact = (await account.Root.Get($"{account.Path}/contact")).ShouldBe(HttpStatusCode.OK);
        contact["email"].ValueKind.ShouldBe(JsonValueKind.Null);
        contact["phone"].ValueKind.ShouldBe(JsonValueKind.Null);

        // Nothing more comes to it, and whoever is still signed in enters another one.
        await account.CreatedUser("alice");
        var (email, phone) = (Scenarios.NewEmail(), Scenarios.NewPhone());
        (await account.Root.Put($"{account.Path}/contact", new { email, phone })).ShouldBe(HttpStatusCode.Accepted);
        var proof = await Mailbox.Of(account, email).Get("Confirm this e-mail address");
        (await account.Root.Post($"{account.Path}/contact/email-proofs", new { token = proof.Token })).ShouldBe(HttpStatusCode.NoContent);
        (await (account with { Email = email }).Stranger().SignIn(account with { Email = email })).ShouldBe(HttpStatusCode.Created);
        Mailbox.Of(account).All().Count(mail => mail.Subject.StartsWith("A user was created", StringComparison.Ordinal)).ShouldBe(0);
        (await Verify(account))["intact"].GetBoolean().ShouldBeTrue();
    }

    // What is gone is gone at once; its event is in the trail, and in what is verified, a moment later.
    [Fact]
    public async Task An_erasure_that_the_trail_has_not_come_to_is_no_difference()
    {
        await using var host = await run.StartHostAsync("mfa_tests_erased_ahead");
        var (account, other) = (await Visited(host), await host.RegisteredAccount());
        await using var connection = await host.ConnectAsync();
        await using var open = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        var options = SessionOptions.ForTransaction(open);
        options.TenantId = other.Id;
        await using var session = host.Store.LightweightSession(options);
        session.Events.Append(Account.StreamKey, new UserCreated("late"));
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);

        (await Post(account, "accountName", "email")).ShouldBe(HttpStatusCode.Accepted);
        var verification = await Verify(account);
        verification["intact"].GetBoolean().ShouldBeTrue(verification.Text);
        await host.RowsAsync("delete from sealed.mt_doc_sealedcontact where tenant_id = $1", account.Id);
        Difference(await Verify(account)).ShouldBe(("personalDataMissing", "phone"));
        await open.CommitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Values_and_salts_that_are_gone_or_changed_without_an_erasure_are_found()
    {
        var account = await Visited();
        (await Verify(account))["intact"].GetBoolean().ShouldBeTrue();
        const string ofTheFirst = "where tenant_id = $1 and type = 'account_registered'";

        await Undone("headers = headers - 'userAgent' - 'userAgentSalt'", "personalDataMissing", "userAgent");
        await Undone("headers = headers - 'userAgent'", "personalDataChanged", "userAgent");
        await Undone("headers = headers - 'userAgentSalt'", "personalDataChanged", "userAgent");
        await Undone("headers = headers || '{\"clientAddress\": \"192.0.2.1\"}'", "personalDataChanged", "clientAddress");
        await Undone("headers = headers || '{\"clientAddressSalt\": \"AAAA\"}'", "personalDataChanged", "clientAddress");

        await api.RowsAsync("update mfa.audit_item set user_agent = null where account_id = $1 and index = 2", account.Id);
        Difference(await Verify(account)).ShouldBe(("rowChanged", "userAgent"));
        await api.RowsAsync("update mfa.audit_item set user_agent = (select user_agent from mfa.audit_item where account_id = $1 and index = 1) where account_id = $1 and index = 2", account.Id);

        await api.RowsAsync("delete from sealed.mt_doc_sealedcontact where tenant_id = $1", account.Id);
        Difference(await Verify(account)).ShouldBe(("personalDataMissing", "accountName"));

        async Task Undone(string set, string kind, string field)
        {
            var headers = (await api.RowsAsync($"select headers::text from mfa.mt_events {ofTheFirst}", account.Id))[0];
            await api.RowsAsync($"update mfa.mt_events set {set} {ofTheFirst}", account.Id);
            Difference(await Verify(account)).ShouldBe((kind, field), set);
            await api.RowsAsync($"update mfa.mt_events set headers = $2::jsonb {ofTheFirst}", account.Id, headers);
        }
    }

    [Fact]
    public async Task A_version_of_the_contact_that_was_exchanged_is_found()
    {
        var (account, other) = (await Visited(), await Visited());
        await account.Root.Put($"{account.Path}/contact", new { email = Scenarios.NewEmail(), account.Phone });
        await Logged(account, "contact_change_requested");
        (await Verify(account))["intact"].GetBoolean().ShouldBeTrue();

        // The former version's row under the later one's name does not open there; another account's neither.
        await api.RowsAsync("update sealed.mt_doc_sealedcontact set data = (select data from sealed.mt_doc_sealedcontact where tenant_id = $2) where tenant_id = $1 and id = 'v2'", account.Id, other.Id);
        Difference(await Verify(account)).ShouldBe(("personalDataMissing", "accountName"));
    }

    [Fact]
    public async Task It_waits_for_a_rebuild_and_a_rebuild_for_it()
    {
        await using var host = await run.StartHostAsync("mfa_tests_erasing");
        var account = await Visited(host);
        var rebuild = new Rebuild { Id = Guid.NewGuid(), Projection = "audit", StartedBy = "test", StartedAt = account.Time.Now };
        await using (var session = host.Store.LightweightSession())
        {
            session.Store(rebuild);
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var location = (await Post(account, "userAgent")).ShouldBe(HttpStatusCode.Accepted).Location!;
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        (await account.A("operator").Get(location)).TextOf("state").ShouldBe("running");
        (await host.A("operator").Post("/projections/audit/rebuilds")).ShouldRefuse(409, "rebuild-running");

        await using (var session = host.Store.LightweightSession())
        {
            session.Store(rebuild with { State = RebuildState.Failed });
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        (await host.A("operator").Post("/projections/audit/rebuilds")).ShouldRefuse(409, "conflict");
        await Ended(account, location);
        (await host.A("operator").Post("/projections/audit/rebuilds")).ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Operators_alone_erase_and_only_what_there_is()
    {
        var account = await Visited();
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

        var erasure = (await Post(account, "phone", "phone")).ShouldBe(HttpStatusCode.Accepted);
        erasure.ShouldHave("erasureId", "state", "fields", "eventsErased", "startedAt", "finishedAt");
        erasure["fields"].GetArrayLength().ShouldBe(1);
        (await (await api.RegisteredAccount()).A("operator").Get(erasure.Location!)).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task An_erased_address_is_no_way_back_for_a_recovery_that_has_begun_either()
    {
        var account = await Visited();
        var half = await account.HalfSignedIn();
        var begun = await account.BegunRecovery();
        var token = await begun.EmailToken();
        await Erase(account, "email");
        (await half.TryRecovery()).ShouldRefuse(409, "recovery-not-available");
        (await begun.ProveEmail(token)).ShouldRefuse(403, "invalid-proof");
        (await begun.Step()).ShouldBe("expired");
    }

    [Fact]
    public async Task A_recovery_calls_no_number_that_was_erased()
    {
        var account = await Visited();
        var proven = await account.BegunRecovery().EmailProven();
        await Erase(account, "phone");
        (await proven.Call()).ShouldRefuse(409, "recovery-state");
    }

    [Fact]
    public async Task The_desk_reads_out_no_digits_for_a_number_that_was_erased()
    {
        var account = await Visited();
        var found = await account.OpenedCase();
        await Erase(account, "phone");
        (await found.Evidence("callBack")).ShouldRefuse(409, "evidence-missing");
        (await found.Evidence("inPerson")).ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_repeated_request_erases_once()
    {
        var account = await Visited();
        var op = account.A("operator") with { IdempotencyKey = Guid.NewGuid().ToString() };
        var first = (await op.Post($"{account.Path}/erasures", new { fields = Everything })).ShouldBe(HttpStatusCode.Accepted);
        var second = (await op.Post($"{account.Path}/erasures", new { fields = Everything })).ShouldBe(HttpStatusCode.Accepted);
        second.TextOf("erasureId").ShouldBe(first.TextOf("erasureId"));
        (await account.VersionOf("account")).ShouldBe(2);
    }

    [Fact]
    public async Task A_long_history_of_several_streams_is_erased_to_its_end()
    {
        var account = await Visited();
        var user = await account.CreatedUser("alice");
        foreach (var stream in (string[])["root", user.Principal!])
        {
            await using var session = api.Store.LightweightSession(account.Id);
            new Origin("mallory", null, AddressOf(account), AgentOf(account)).Stamp(session);
            for (var i = 0; i < 2500; i++) session.Events.Append(stream, new SignInRefused(Factor.Password, null));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        await Logged(account, "sign_in_refused");
        await Erase(account, "clientAddress", "userAgent");
        foreach (var (value, places) in (await Found(account)).Skip(1)) places.ShouldBeEmpty($"{value} is nowhere after");
        (await Verify(account))["intact"].GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_version_that_no_key_opens_any_more_goes_with_the_others()
    {
        var account = await Visited();
        var before = await api.RowsAsync("select data ->> 'sealed' from sealed.mt_doc_sealedcontact where tenant_id = $1", account.Id);
        await api.RowsAsync(
            "update sealed.mt_doc_sealedcontact set data = jsonb_set(data, '{sealed}', to_jsonb(reverse(data ->> 'sealed'))) where tenant_id = $1 and id = 'v1'",
            account.Id);
        await Erase(account, Everything);
        var after = await api.RowsAsync("select data ->> 'sealed' from sealed.mt_doc_sealedcontact where tenant_id = $1", account.Id);
        after.Count.ShouldBe(before.Count);
        after.ShouldNotContain(text => before.Contains(text) || before.Contains(string.Concat(text.Reverse())));
        (await Verify(account))["intact"].GetBoolean().ShouldBeTrue();
    }

    // It waited in a queue, as behind a database that was away.
    [Fact]
    public async Task What_is_recorded_late_brings_back_nothing_that_was_erased_since()
    {
        var account = await Visited();
        var seals = api.Services.GetRequiredService<Seals>();
        var from = new Origin("anonymous", null, AddressOf(account), AgentOf(account));
        var late = RecordSignInRefused.Of(new(account.Id, "root", ""), new FailuresInARow(1, null), from, account.Time.Now, seals);
        await Erase(account, "clientAddress");
        await api.HandleAsync(account.Id, late);
        var newer = late with { RequestedAt = account.Time.Now.AddMinutes(1) };
        (await Headers()).ShouldBe([AgentOf(account)]);
        await api.HandleAsync(account.Id, newer);
        (await Headers()).ShouldBe([AgentOf(account), $"{AddressOf(account)} {AgentOf(account)}"]);

        Task<IReadOnlyList<string>> Headers() => api.RowsAsync(
            "select concat_ws(' ', headers ->> 'clientAddress', headers ->> 'userAgent') from mfa.mt_events where tenant_id = $1 and type = 'sign_in_refused' order by seq_id",
            account.Id);
    }

    /// <summary>An account with a device, two sessions and a former contact, from an address and with a program that nobody else has.</summary>
    private async Task<OpenAccount> Visited(MfaHost? host = null)
    {
        var account = await (host ?? api).RegisteredAccount($"Erasable {Guid.NewGuid():N}");
        var device = await account.AssignedDevice("phone").Activated();
        account.Time.PassSteps(2);
        var half = await account.HalfSignedIn();
        var visitor = half.By with { Address = AddressOf(account), UserAgent = AgentOf(account) };
        (await (half with { By = visitor }).Code(device, device.Code())).ShouldBe(HttpStatusCode.OK);
        await Logged(account, "signed_in");
        return account;
    }

    private static Task<Reply> Post(OpenAccount account, params string[] fields) =>
        account.A("operator").Post($"{account.Path}/erasures", new { fields });

    private static async Task Erase(OpenAccount account, params string[] fields) =>
        await Ended(account, (await Post(account, fields)).ShouldBe(HttpStatusCode.Accepted).Location!);

    private static Task Ended(OpenAccount account, string location) => Scenarios.Eventually(
        async () => (await account.A("operator").Get(location)).ShouldBe(HttpStatusCode.OK).TextOf("state") == "succeeded", "the erasure ends");

    private static Task Logged(OpenAccount account, string eventType) => Scenarios.Eventually(
        async () => (await account.A("auditor").Get($"{account.Path}/audit?limit=1&eventType={eventType}"))["items"].GetArrayLength() == 1
            && (await account.Host.RowsAsync("select count(*) from mfa.mt_events where tenant_id = $1 and type <> 'tombstone'", account.Id))[0]
                == (await account.Host.RowsAsync("select count(*) from mfa.audit_item where account_id = $1", account.Id))[0],
        $"the {eventType} is in the trail");

    private static async Task<Reply> Verify(OpenAccount account) =>
        (await account.A("auditor").Post($"{account.Path}/audit/verification", new { })).ShouldBe(HttpStatusCode.OK);

    private static (string? Kind, string? Field) Difference(Reply verification)
    {
        var difference = verification["firstDifference"];
        difference.ValueKind.ShouldBe(JsonValueKind.Object);
        return (difference.GetProperty("kind").GetString(), difference.GetProperty("fields").EnumerateArray().FirstOrDefault().GetString());
    }

    private static async Task<(long Size, string Hash)> Root(OpenAccount account, long? size = null)
    {
        var note = (await account.A("auditor").Get($"{account.Path}/audit/checkpoint{(size is null ? "" : $"?size={size}")}")).ShouldBeText().Text.Split('\n');
        return (long.Parse(note[1]), note[2]);
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
        foreach (var value in (string[])[account.Email, AddressOf(account), AgentOf(account)])
        {
            var places = new List<string>();
            foreach (var column in columns) places.AddRange(await api.RowsAsync(column, $"%{value}%"));
            found.Add((value, places));
        }

        return found;
    }

    private static string AddressOf(OpenAccount account) => IPAddress.Parse($"2001:db8::{account.Id[..4]}:{account.Id[4..8]}:{account.Id[8..]}").ToString();

    private static string AgentOf(OpenAccount account) => $"tests/1.0 (of {account.AccountName[^32..]})";
}
