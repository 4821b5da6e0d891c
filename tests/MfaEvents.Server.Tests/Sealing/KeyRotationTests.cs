using System.Net;
using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.Identity;
using MfaEvents.Server.Accounts;
using OpenAccount = MfaEvents.Server.Tests.Harness.OpenAccount;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Microsoft.AspNetCore.DataProtection;
using Npgsql;
using Wolverine;

namespace MfaEvents.Server.Tests.Sealing;

/// <summary>The keys are rotated while people go on.</summary>
public sealed class KeyRotationTests(TestRun run)
{
    private const string NewPassword = "a password chosen meanwhile";

    internal static readonly Dictionary<string, string> Quick = new() { ["MfaEvents:Keys:Settling"] = "00:00:03" };

    [Fact]
    public async Task Everything_is_sealed_anew_while_people_sign_in_and_the_old_key_opens_nothing_afterwards()
    {
        await using var host = await run.StartHostAsync("rotation", Quick);
        var account = await host.RegisteredAccount();
        await account.CreatedUser("alice");
        (await account.Root.Put(account.PrincipalPath("user:alice") + "/password", new { newPassword = "her first password" }))
            .ShouldBe(HttpStatusCode.NoContent);
        var devices = new List<HeldDevice>();
        for (var i = 0; i < 3; i++) devices.Add(await account.AssignedDevice().Activated());
        var repeatable = await account.Root.Repeatably("once").Post(account.RootPath + "/mfa-devices", new { deviceName = "tablet", deviceType = "virtual" });
        var signed = await host.Services.GetRequiredService<TokenKeys>().SigningAsync(TestContext.Current.CancellationToken);
        var before = await Keys(host);
        var old = before.Single(key => key.Purpose == "sealing");
        var protector = host.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("test");
        var sealedBefore = protector.Protect("hello");
        var versions = await account.VersionOf("account");

        var asked = (await host.A("operator").Post("/keys/rotations")).ShouldBe(HttpStatusCode.Accepted);
        asked.Location.ShouldNotBeNull().ShouldStartWith("/keys/rotations/");
        asked.TextOf("state").ShouldBe("running");
        (await host.A("operator").Post("/keys/rotations")).ShouldRefuse(409, "conflict");

        // Meanwhile: codes are verified, one device goes, and alice gets another password.
        await account.Root.Delete(devices[2].Path);
        var changed = false;
        var reply = asked;
        for (var tries = 0; reply.TextOf("state") == "running"; tries++)
        {
            tries.ShouldBeLessThan(600);
            account.Time.PassSteps(1);
            (await devices[tries % 2].Verify(devices[tries % 2].Code())).ShouldBe(HttpStatusCode.OK);
            if (!changed && reply["sealed"].GetProperty("done").GetInt64() > 0)
            {
                changed = true;
                (await account.Root.Put(account.PrincipalPath("user:alice") + "/password", new { newPassword = NewPassword }))
                    .ShouldBe(HttpStatusCode.NoContent);
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
            reply = (await host.A("operator").Get(asked.Location!)).ShouldBe(HttpStatusCode.OK);
        }

        reply.TextOf("state").ShouldBe("succeeded");
        var progress = reply["sealed"];
        progress.GetProperty("done").GetInt64().ShouldBe(progress.GetProperty("total").GetInt64());
        progress.GetProperty("done").GetInt64().ShouldBeGreaterThanOrEqualTo(7);
        progress.GetProperty("unreadable").GetInt64().ShouldBe(0);
        reply["finishedAt"].GetDateTimeOffset().ShouldBeGreaterThan(reply["startedAt"].GetDateTimeOffset());

        var after = await Keys(host);
        after.Single(key => key.Id == old.Id).State.ShouldBe("retired");
        var active = after.Single(key => key is { Purpose: "sealing", State: "active" });
        after.Where(key => key.Purpose == "tokens").Select(key => key.State).ShouldBe(["active", "retiring"], ignoreOrder: true);
        (await PlacesWith(host, Guid.Parse(old.Id))).ShouldBeEmpty();
        (await PlacesWith(host, Guid.Parse(active.Id))).ShouldContain("sealed.mt_doc_sealedseed");
        KeyFiles(host).ShouldBe([$"key-{active.Id}.xml"]);
        Should.Throw<CryptographicException>(() => protector.Unprotect(sealedBefore));

        // No event happened, what was deleted stays so, and what was changed as well.
        (await account.VersionOf("account")).ShouldBe(versions);
        (await host.RowsAsync("select id from sealed.mt_doc_sealedseed where id = $1", devices[2].Id)).ShouldBeEmpty();
        await PasswordOf(host, account, "user:alice").ShouldBeAsync(NewPassword);
        await PasswordOf(host, account, "root").ShouldBeAsync(account.Password);
        account.Time.PassSteps(1);
        (await devices[0].Verify(devices[0].Code())).ShouldBe(HttpStatusCode.OK);
        var again = await account.Root.Repeatably("once").Post(account.RootPath + "/mfa-devices", new { deviceName = "tablet", deviceType = "virtual" });
        again.TextOf("secretKey").ShouldBe(repeatable.TextOf("secretKey"));

        // Tokens of the key before verify still, new ones are signed by the other.
        var tokens = host.Services.GetRequiredService<TokenKeys>();
        tokens.Find(signed.Key.KeyId).ShouldHaveSingleItem();
        var signing = await tokens.SigningAsync(TestContext.Current.CancellationToken);
        signing.Key.KeyId.ShouldNotBe(signed.Key.KeyId);
        (await tokens.PublicAsync(TestContext.Current.CancellationToken)).Select(key => key.Kid)
            .ShouldBe([signing.Key.KeyId, signed.Key.KeyId], ignoreOrder: true);
        host.Clock.Set(DateTimeOffset.UtcNow.AddMinutes(20));
        tokens.Find(signed.Key.KeyId).ShouldBeEmpty();
        (await tokens.PublicAsync(TestContext.Current.CancellationToken)).ShouldHaveSingleItem().Kid.ShouldBe(signing.Key.KeyId);
    }

    [Fact]
    public async Task A_message_that_comes_twice_does_its_step_once()
    {
        await using var host = await run.StartHostAsync("rotation_twice", Quick);
        var account = await host.RegisteredAccount();
        await account.AssignedDevice();
        var old = (await Keys(host)).Single(key => key.Purpose == "sealing").Id;
        var asked = (await host.A("operator").Repeatably("rotate").Post("/keys/rotations")).ShouldBe(HttpStatusCode.Accepted);
        (await host.A("operator").Repeatably("rotate").Post("/keys/rotations")).ShouldBe(HttpStatusCode.Accepted).Location.ShouldBe(asked.Location);
        var id = Guid.Parse(asked.Location!.Split('/')[^1]);

        var (steps, counted) = (new List<int>(), 0L);
        KeyRotation rotation;
        while ((rotation = await RotationAsync(host, id)).IsRunning)
        {
            steps.Add(rotation.Step);
            if (counted == 0 && rotation.Stage == RotationStage.Sealing) counted = rotation.Total;
            steps.Count.ShouldBeLessThan(100);
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => InvokeAsync(host, new RotateKeys(id, rotation.Step))));
        }

        await InvokeAsync(host, new RotateKeys(id, rotation.Step));
        foreach (var step in steps) await InvokeAsync(host, new RotateKeys(id, step));

        (await RotationAsync(host, id)).ShouldBe(rotation);
        (rotation.Done, rotation.Total, rotation.Unreadable).ShouldBe((counted, counted, 0));
        counted.ShouldBeGreaterThanOrEqualTo(5);
        (await PlacesWith(host, Guid.Parse(old))).ShouldBeEmpty();
        (await Keys(host)).Count(key => key is { Purpose: "sealing" }).ShouldBe(2);
        KeyFiles(host).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_is_deleted_or_changed_while_it_is_sealed_anew_stays_so()
    {
        await using var host = await run.StartHostAsync("rotation_races", Quick);
        var account = await host.RegisteredAccount();
        var (first, second) = (await account.AssignedDevice(), await account.AssignedDevice());
        var (ring, seals) = (host.Services.GetRequiredService<KeyRing>(), host.Services.GetRequiredService<Seals>());
        var place = SealedPlace.All.Single(place => place.Table == "sealed.mt_doc_sealedseed");
        var other = Guid.NewGuid();

        // A page that is not committed yet: the removal waits for it, and wins.
        await using (var connection = await host.ConnectAsync())
        await using (var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            var page = await place.AnewAsync(connection, seals, other, new PageRequest(null, 10, Wait: true), TestContext.Current.CancellationToken);
            page.ShouldBe(new SealedPage(2, 0, null));
            var removal = account.Root.Delete(first.Path);
            await Scenarios.Eventually(async () => (await host.RowsAsync(
                "select 1 from pg_locks where not granted")).Count > 0, "the removal waits");
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
            (await removal).ShouldBe(HttpStatusCode.NoContent);
        }

        (await host.RowsAsync("select id from sealed.mt_doc_sealedseed")).ShouldBe([second.Id.ToString()]);

        // A removal that is not committed yet: the page leaves the row to it in the first pass, and finds nothing in a later one.
        await using (var removing = await host.ConnectAsync())
        await using (var transaction = await removing.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using (var delete = new NpgsqlCommand("delete from sealed.mt_doc_sealedseed", removing))
                await delete.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await using var connection = await host.ConnectAsync();
            (await place.AnewAsync(connection, seals, other, new PageRequest(null, 10, Wait: false), TestContext.Current.CancellationToken))
                .ShouldBe(new SealedPage(0, 0, null));
            var waiting = place.AnewAsync(connection, seals, other, new PageRequest(null, 10, Wait: true), TestContext.Current.CancellationToken);
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
            (await waiting).ShouldBe(new SealedPage(0, 0, null));
        }

        (await host.RowsAsync("select id from sealed.mt_doc_sealedseed")).ShouldBeEmpty();
        ring.ActiveKeyId.ShouldNotBe(other);
    }

    [Fact]
    public async Task Pages_end_where_the_next_one_begins_and_what_opens_for_nobody_stays()
    {
        await using var host = await run.StartHostAsync("rotation_pages", Quick);
        var accounts = new List<OpenAccount>();
        for (var i = 0; i < 3; i++) accounts.Add(await host.RegisteredAccount());
        foreach (var account in accounts) await account.AssignedDevice();
        await accounts[0].AssignedDevice();
        await host.RowsAsync("update sealed.mt_doc_sealedseed set data = jsonb_set(data, '{principal}', '\"user:mallory\"') where tenant_id = $1", accounts[1].Id);
        await using var connection = await host.ConnectAsync();
        var place = SealedPlace.All.Single(place => place.Table == "sealed.mt_doc_sealedseed");

        var (pages, after) = (new List<SealedPage>(), (string?)null);
        do
        {
            var page = await place.AnewAsync(
                connection, host.Services.GetRequiredService<Seals>(), Guid.NewGuid(), new PageRequest(after, 1, Wait: true), TestContext.Current.CancellationToken);
            pages.Add(page);
            after = page.Next;
        }
        while (after is not null);

        pages.Sum(page => page.Anew).ShouldBe(3);
        pages.Sum(page => page.Unreadable).ShouldBe(1);
        pages.Count.ShouldBe(5);
    }

    [Fact]
    public async Task Waiting_messages_are_sealed_anew_where_they_wait()
    {
        await using var host = await run.StartHostAsync("rotation_messages", Quick);
        var seals = host.Services.GetRequiredService<Seals>();
        const string id = "123456789012";
        var opening = MfaEvents.Server.Accounts.OpenAccount.Seal(seals, id, new AccountOpening(
            new ContactInformation("Late Corp", "late@example.com", "+14155550100"),
            seals.SealPassword(id, "root", "a password that waits"),
            MfaEvents.Server.Audit.Origin.Product));
        await using (var scope = host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(
                opening, new DeliveryOptions { TenantId = id, ScheduleDelay = TimeSpan.FromHours(1) });
        var old = Guid.Parse((await Keys(host)).Single(key => key.Purpose == "sealing").Id);
        await Scenarios.Eventually(async () => (await PlacesWith(host, old)).Contains("wolverine.wolverine_incoming_envelopes"), "the message waits");

        await RotateAsync(host);

        (await PlacesWith(host, old)).ShouldBeEmpty();
        await host.RowsAsync("update wolverine.wolverine_incoming_envelopes set execution_time = now() where status = 'Scheduled' and message_type like '%OpenAccount'");
        await Scenarios.Eventually(async () => (await host.RowsAsync("select id from sealed.mt_doc_sealedcontact where tenant_id = $1", id)).Count == 1, "it was opened");
        (await PlacesWith(host, old)).ShouldBeEmpty();
        var password = await host.RowsAsync("select data->>'sealed' from sealed.mt_doc_sealedpassword where tenant_id = $1", id);
        host.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector(Seals.PasswordPurposes(id, "root"))
            .Unprotect(password.ShouldHaveSingleItem()).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Everything_sealed_that_is_kept_has_its_place()
    {
        // What the other tests of this run have left in the database so far, and this.
        var account = await run.Host.RegisteredAccount();
        await account.Root.Repeatably("device").Post(account.RootPath + "/mfa-devices", new { deviceName = "phone", deviceType = "virtual" });
        var key = Guid.Parse((await Keys(run.Host)).First(key => key is { Purpose: "sealing", State: "active" }).Id);

        var places = await PlacesWith(run.Host, key);

        places.ShouldContain("sealed.mt_doc_sealedpassword");
        places.Except(SealedPlace.All.Select(place => place.Table)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_list_shows_no_material()
    {
        await run.Host.Services.GetRequiredService<TokenKeys>().SigningAsync(TestContext.Current.CancellationToken);
        var reply = (await run.Host.A("operator").Get("/keys")).ShouldBe(HttpStatusCode.OK);
        var material = Directory.GetFiles(KeyFolder.In(Folder(run.Host)).FullName, "key-*.xml")
            .SelectMany(file => XDocument.Load(file).Descendants("value").Select(value => value.Value)).ToArray();

        material.ShouldNotBeEmpty();
        foreach (var secret in material) reply.Text.ShouldNotContain(secret);
        reply.Text.ShouldNotContain("CfDJ8");
        reply["keys"].EnumerateArray().Select(key => key.GetProperty("purpose").GetString()).Distinct().ShouldBeSubsetOf(["sealing", "tokens", "checkpoints"]);
        foreach (var key in reply["keys"].EnumerateArray())
            key.EnumerateObject().Select(member => member.Name).ShouldBe(["keyId", "purpose", "state", "createdAt"]);
    }

    [Theory]
    [InlineData("GET", "/keys"), InlineData("POST", "/keys/rotations"), InlineData("GET", "/keys/rotations/01890000-0000-7000-8000-000000000000")]
    public async Task Operators_alone_see_and_rotate_keys(string verb, string path)
    {
        var account = await run.Host.RegisteredAccount();
        foreach (var role in (string[])["service", "support-agent", "support-approver", "auditor", "provisioner"])
            (await run.Host.A(role).Send(new HttpMethod(verb), path)).ShouldRefuse(403, "forbidden");
        (await account.Root.Send(new HttpMethod(verb), path)).ShouldRefuse(403, "forbidden");
        (await run.Host.Nobody().Send(new HttpMethod(verb), path)).ShouldRefuse(401, "unauthenticated");
    }

    [Theory]
    [InlineData("01890000-0000-7000-8000-000000000000"), InlineData("x"), InlineData("1")]
    public async Task A_rotation_that_is_none_is_not_found(string id) =>
        (await run.Host.A("operator").Get($"/keys/rotations/{id}")).ShouldRefuse(404, "not-found");

    internal static async Task<Reply> RotateAsync(MfaHost host)
    {
        var asked = (await host.A("operator").Post("/keys/rotations")).ShouldBe(HttpStatusCode.Accepted);
        var reply = asked;
        await Scenarios.Eventually(async () => (reply = await host.A("operator").Get(asked.Location!)).TextOf("state") == "succeeded", "the rotation is finished");
        return reply;
    }

    private static string Folder(MfaHost host) => host.Services.GetRequiredService<MfaEventsSettings>().DataDirectory;

    private static IEnumerable<string?> KeyFiles(MfaHost host) =>
        Directory.GetFiles(KeyFolder.In(Folder(host)).FullName, "*.xml").Select(Path.GetFileName);

    private static async Task<IReadOnlyList<(string Id, string Purpose, string State)>> Keys(MfaHost host)
    {
        var reply = (await host.A("operator").Get("/keys")).ShouldBe(HttpStatusCode.OK);
        return [.. reply["keys"].EnumerateArray().Select(key => (
            key.GetProperty("keyId").GetString()!, key.GetProperty("purpose").GetString()!, key.GetProperty("state").GetString()!))];
    }

    private static async Task<KeyRotation> RotationAsync(MfaHost host, Guid id)
    {
        await using var session = host.Services.GetRequiredService<IDirectoryStore>().QuerySession();
        return (await session.LoadAsync<KeyRotation>(id)).ShouldNotBeNull();
    }

    private static async Task InvokeAsync(MfaHost host, object message)
    {
        await using var scope = host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync(message);
    }

    /// <summary>The tables that hold anything sealed with a key, in any column of text, JSON or bytes.</summary>
    private static async Task<IReadOnlyList<string>> PlacesWith(MfaHost host, Guid key)
    {
        var prefix = SealedPlace.PrefixOf(key);
        var columns = await host.RowsAsync(
            """
            select format('%I.%I', c.table_schema, c.table_name) || ' ' || case when c.data_type = 'bytea'
                then format('encode(%I, ''escape'')', c.column_name) else format('%I::text', c.column_name) end
            from information_schema.columns c join information_schema.tables t
                on t.table_schema = c.table_schema and t.table_name = c.table_name and t.table_type = 'BASE TABLE'
            where c.table_schema not in ('pg_catalog', 'information_schema')
                and c.data_type in ('bytea', 'jsonb', 'json', 'text', 'character varying')
            """);
        var places = new List<string>();
        foreach (var column in columns)
        {
            var parts = column.Split(' ', 2);
            var found = await host.RowsAsync($"select 1 from {parts[0]} where position($1 in {parts[1]}) > 0 limit 1", prefix);
            if (found.Count > 0) places.Add(parts[0]);
        }

        return [.. places.Distinct()];
    }

    private static async Task<string> PasswordOf(MfaHost host, OpenAccount account, string principal)
    {
        await using var session = host.Store.QuerySession(account.Id);
        var password = (await session.LoadAsync<SealedPassword>(principal)).ShouldNotBeNull();
        var hash = host.Services.GetRequiredService<IDataProtectionProvider>()
            .CreateProtector(Seals.PasswordPurposes(account.Id, principal)).Unprotect(password.Sealed);
        return ((string[])[NewPassword, account.Password]).FirstOrDefault(candidate =>
            new PasswordHasher<string>().VerifyHashedPassword(principal, hash, candidate) != PasswordVerificationResult.Failed) ?? "another";
    }
}

internal static class LaterAssertions
{
    public static async Task ShouldBeAsync(this Task<string> text, string expected) => (await text).ShouldBe(expected);
}
