using System.Globalization;
using System.Net;
using System.Text.Json;
using Npgsql;

namespace MfaEvents.Server.Tests.Operations;

[Collection(nameof(OperatedHost))]
public sealed class ProjectionsTests(OperatedHost operated)
{
    private readonly MfaHost api = operated.Host;

    [Fact]
    public async Task Every_projection_says_how_far_it_is()
    {
        var projections = (await operated.Operator.Get("/projections")).ShouldBe(HttpStatusCode.OK).Body.EnumerateArray().ToList();
        foreach (var one in projections)
        {
            one.EnumerateObject().Select(member => member.Name).ShouldBe(["name", "lifecycle", "version", "position", "highWaterMark", "lag", "state", "lagSeconds", "stoppedAt"]);
            one.GetProperty("lag").GetInt64().ShouldBe(one.GetProperty("highWaterMark").GetInt64() - one.GetProperty("position").GetInt64());
        }

        projections.Where(one => one.GetProperty("lifecycle").GetString() == "async").Select(one => one.GetProperty("name").GetString()).ShouldBe(["audit", "notices"]);
        projections.Count(one => one.GetProperty("lifecycle").GetString() == "inline").ShouldBe(projections.Count - 2);
    }

    [Theory]
    [InlineData("deserialization"), InlineData("a type that nobody knows")]
    public async Task A_poisoned_event_stops_the_audit_trail_is_never_skipped_and_shows(string how)
    {
        var account = await api.RegisteredAccount();
        await IsAt(account, 2);

        await using var connection = await api.ConnectAsync();
        var poisoned = await PoisonAsync(connection, account, how);
        await Eventually(state => state == "stopped", "the trail has stopped");

        // What cannot be read cannot be told either; of a type that nobody knows nobody is told.
        if (how == "deserialization") await Eventually(state => state == "stopped", "the notices have stopped", "notices");

        var audit = await Audit();
        audit.GetProperty("position").GetInt64().ShouldBeLessThan(poisoned);
        audit.GetProperty("lag").GetInt64().ShouldBeGreaterThan(0);
        audit.GetProperty("lagSeconds").GetDouble().ShouldBeGreaterThan(0);
        var stoppedAt = audit.GetProperty("stoppedAt");
        stoppedAt.GetProperty("sequence").GetInt64().ShouldBe(poisoned);
        stoppedAt.GetProperty("eventId").GetString().ShouldBe((await api.RowsAsync("select id from mfa.mt_events where seq_id = $1", poisoned))[0]);
        var health = (await operated.Operator.Get("/health/details")).ShouldBe(HttpStatusCode.OK);
        health.TextOf("status").ShouldBe("degraded");
        health["parts"].GetProperty("database").GetProperty("status").GetString().ShouldBe("healthy");
        var told = health["parts"].GetProperty("projections").EnumerateArray().Single(one => one.GetProperty("name").GetString() == "audit");
        told.GetProperty("detail").GetString()!.ShouldContain($"event {poisoned}");
        health.Text.ShouldNotContain(account.Id);

        // The node stays in service: codes are verified without the trail.
        (await api.Nobody().Get("/health/ready")).ShouldBe(HttpStatusCode.OK).TextOf("status").ShouldBe("degraded");
        operated.LogLines.ShouldContain(line => line.Contains($"The projection audit has stopped at event {poisoned} (", StringComparison.Ordinal));
        foreach (var line in operated.LogLines) line.ShouldNotContain(account.Id);

        // Resumed before its cause is mended, it stops at the same place.
        (await operated.Operator.Post("/projections/audit/resumption")).ShouldBe(HttpStatusCode.Accepted);
        await Scenarios.Eventually(
            async () => (await api.RowsAsync("select data ->> 'resumptionAt' from mfa.mt_doc_projectionstop where id = 'audit'")) is [""], "it was tried again");
        (await Audit()).GetProperty("state").GetString().ShouldBe("stopped");

        await using var mend = new NpgsqlCommand(
            "update mfa.mt_events e set type = h.type, mt_dotnet_type = h.mt_dotnet_type, data = h.data from healthy.event h where h.seq_id = e.seq_id",
            connection);
        await mend.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        (await operated.Operator.Post("/projections/audit/resumption")).ShouldBe(HttpStatusCode.Accepted);
        await Eventually(state => state == "running", "the trail runs again");
        if (how == "deserialization")
        {
            (await operated.Operator.Post("/projections/notices/resumption")).ShouldBe(HttpStatusCode.Accepted);
            await Eventually(state => state == "running", "notices are sent again", "notices");
            await Mailbox.Of(account).Get("A user was created");
        }

        await IsAt(account, 4);
        (await operated.Operator.Post("/projections/audit/resumption")).ShouldRefuse(409, "conflict");
    }

    [Fact]
    public async Task A_projection_that_nobody_knows_is_404() =>
        (await operated.Operator.Post("/projections/nonsense/resumption")).ShouldRefuse(404, "not-found");

    /// <summary>A user is created, and its event arrives in the table in a form that cannot be read.</summary>
    private static async Task<long> PoisonAsync(NpgsqlConnection connection, OpenAccount account, string how)
    {
        var spoil = how == "deserialization" ? "new.data := '[1]'" : "new.type := 'unheard_of'; new.mt_dotnet_type := 'Nobody.Knows, Nowhere'";
        await using var poison = new NpgsqlCommand(
            $$"""
            create schema if not exists healthy;
            drop table if exists healthy.event;
            create table healthy.event as select * from mfa.mt_events where false;
            create or replace function healthy.spoil() returns trigger language plpgsql as $f$ begin
                insert into healthy.event values (new.*); {{spoil}}; return new;
            end $f$;
            create trigger spoil before insert on mfa.mt_events
                for each row when (new.tenant_id = '{{account.Id}}' and new.type = 'user_created') execute function healthy.spoil();
            """,
            connection);
        await poison.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await account.CreatedUser("alice");
        await using var done = new NpgsqlCommand("drop trigger spoil on mfa.mt_events", connection);
        await done.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        return long.Parse((await account.Host.RowsAsync("select seq_id from healthy.event"))[0], CultureInfo.InvariantCulture);
    }

    private async Task<JsonElement> Audit(string name = "audit") =>
        (await operated.Operator.Get("/projections")).Body.EnumerateArray().Single(one => one.GetProperty("name").GetString() == name);

    private Task Eventually(Func<string?, bool> so, string what, string name = "audit") =>
        Scenarios.Eventually(async () => so((await Audit(name)).GetProperty("state").GetString()), what);

    private static Task IsAt(OpenAccount account, int items) => Scenarios.Eventually(
        async () => (await account.Root.Get(account.Path + "/audit"))["items"].GetArrayLength() == items, $"the trail has {items} items");
}
