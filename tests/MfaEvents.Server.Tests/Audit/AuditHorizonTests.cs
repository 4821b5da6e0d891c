using System.Net;
using System.Text.Json;
using Marten;
using Microsoft.Extensions.Logging.Abstractions;
using MfaEvents.Server.Jobs;
using Npgsql;

namespace MfaEvents.Server.Tests.Audit;

/// <summary>
/// How far the trail is complete. On a host of its own, where all happens at the system's own time: the instant is about all accounts.
/// </summary>
public sealed class AuditHorizonTests(AuditHorizonTests.OwnHost own) : IClassFixture<AuditHorizonTests.OwnHost>
{
    private readonly MfaHost api = own.Host;

    [Fact]
    public async Task UpTo_moves_on_when_nothing_happens()
    {
        var account = await api.RegisteredAccount();
        var read = account.Root with { Time = null };
        var first = DateTimeOffset.MinValue;
        await Scenarios.Eventually(async () => (await read.Get($"{account.Path}/audit"))["upTo"] is { ValueKind: JsonValueKind.String } upTo
            && (first = upTo.GetDateTimeOffset()) > DateTimeOffset.MinValue, "the trail says how far it is");
        await Scenarios.Eventually(async () => (await read.Get($"{account.Path}/audit"))["upTo"].GetDateTimeOffset() > first, "upTo moves on");
    }

    [Fact]
    public async Task UpTo_does_not_wait_for_a_step_of_a_rebuild_which_appends_nothing()
    {
        var account = await api.RegisteredAccount();
        await Scenarios.Eventually(async () => (await api.RowsAsync(
            "select (select max(seq_id) from mfa.mt_events) = (select max(last_seq_id) from mfa.mt_event_progression where name like 'audit:%')"))[0] == "True", "all is projected");
        var rebuild = new Rebuild
        {
            Id = Guid.CreateVersion7(), Projection = "audit", AccountId = account.Id, StartedBy = "nobody", StartedAt = DateTimeOffset.UtcNow,
        };
        var services = api.Services;
        var cancellation = TestContext.Current.CancellationToken;
        await using var session = services.GetRequiredService<IDocumentStore>().LightweightSession();
        session.Insert(rebuild);
        await session.SaveChangesAsync(cancellation);

        // Its tables are made, and it is not committed.
        await ContinueRebuildHandler.Handle(
            new ContinueRebuild(rebuild.Id, 0), session, services.GetRequiredService<Rebuilders>(), services.GetRequiredService<IDocumentStore>(),
            TimeProvider.System, NullLogger<Rebuild>.Instance, cancellation);
        var began = DateTimeOffset.UtcNow;
        var read = account.Root with { Time = null };
        await Scenarios.Eventually(
            async () =>
            {
                // It is not left idle for so long that PostgreSQL ends it.
                await using var alive = new NpgsqlCommand("select 1", (NpgsqlConnection)session.Connection!);
                await alive.ExecuteScalarAsync(cancellation);
                return (await read.Get($"{account.Path}/audit"))["upTo"].GetDateTimeOffset() > began;
            },
            "upTo moves on");
    }

    [Fact]
    public async Task Nothing_that_happened_by_upTo_is_ever_missing()
    {
        var accounts = new List<OpenAccount>();
        for (var number = 0; number < 3; number++) accounts.Add(await api.RegisteredAccount());
        var stop = false;

        // Each writer goes on until the readers have seen enough, at the system's own time.
        var writers = accounts.SelectMany(account => Enumerable.Range(0, 2).Select(writer => Task.Run(async () =>
        {
            var root = account.Root with { Time = null };
            for (var number = 0; !Volatile.Read(ref stop); number++)
            {
                (await root.Post($"{account.Path}/users", new { userName = $"w{writer}-{number}" })).ShouldBe(HttpStatusCode.Created);
                var assigned = await root.Post($"{account.PrincipalPath($"user:w{writer}-{number}")}/mfa-devices", new { deviceName = $"w{writer}-{number}", deviceType = "virtual" });
                (await root.Delete(assigned.ShouldBe(HttpStatusCode.Created).Location!)).ShouldBe(HttpStatusCode.NoContent);
            }
        }))).ToList();

        var seen = new List<(OpenAccount Account, DateTimeOffset UpTo, HashSet<Guid> Items)>();
        for (var round = 0; round < 40 || (round < 1000 && seen.Select(reading => reading.UpTo).Distinct().Count() < 3); round++)
            foreach (var account in accounts)
            {
                // Everything there is: whatever is not on these pages was missing when the first of them was read.
                var page = (await (account.Root with { Time = null }).Get($"{account.Path}/audit?limit=500")).ShouldBe(HttpStatusCode.OK);
                if (page["upTo"].ValueKind != JsonValueKind.Null)
                    seen.Add((account, page["upTo"].GetDateTimeOffset(), [.. page["items"].EnumerateArray().Select(item => item.GetProperty("eventId").GetGuid())]));
            }

        Volatile.Write(ref stop, true);
        await Task.WhenAll(writers);

        seen.Count.ShouldBeGreaterThan(2);
        seen.Select(reading => reading.UpTo).Distinct().Count().ShouldBeGreaterThan(2);
        foreach (var (account, upTo, items) in seen)
        {
            var happened = await api.RowsAsync(
                "select id from mfa.mt_events where tenant_id = $1 and timestamp <= $2 order by seq_id desc limit 500", account.Id, upTo);
            if (items.Count < 500) happened.Where(id => !items.Contains(Guid.Parse(id))).ShouldBeEmpty();
        }
    }

    public sealed class OwnHost(TestRun run) : IAsyncLifetime
    {
        public MfaHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await run.StartHostAsync("mfa_horizon");

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
