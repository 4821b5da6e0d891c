using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using CloudNative.CloudEvents.SystemTextJson;
using MfaEvents.Server.Setup;
using MfaEvents.Server.Tests.Audit.Export;

namespace MfaEvents.Server.Tests.Audit.Push;

/// <summary>A host that pushes to a receiver, and nobody else's accounts in it.</summary>
public sealed class PushHost(TestRun run) : IAsyncLifetime
{
    public const string Secret = "a secret of thirty-two bytes, and more";

    public Receiver Receiver { get; private set; } = null!;

    public MfaHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Receiver = await Receiver.StartAsync();
        Host = await run.StartHostAsync("mfa_pushed", new Dictionary<string, string>
        {
            ["MfaEvents:Audit:Push:Url"] = Receiver.Url,
            ["MfaEvents:Audit:Push:Secret"] = Secret,
            ["MfaEvents:Audit:Push:FirstPause"] = "00:00:00.050",
            ["MfaEvents:Audit:Push:LongestPause"] = "00:00:00.200",
            ["MfaEvents:Audit:Push:Timeout"] = "00:00:03",
            ["MfaEvents:Audit:Push:BatchSize"] = "20",
        });
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}

public sealed class PushTests(PushHost pushed) : IClassFixture<PushHost>, IAsyncLifetime
{
    /// <summary>Dead letters no more, but on their way still.</summary>
    private const string Replayed =
        """
        select (select count(*) from wolverine.wolverine_dead_letters where message_type like '%PushRefused' and replayable)
            + (select count(*) from wolverine.wolverine_incoming_envelopes where message_type like '%PushRefused' and status <> 'Handled')
        """;

    private readonly Receiver receiver = pushed.Receiver;
    private readonly MfaHost api = pushed.Host;

    public async ValueTask InitializeAsync()
    {
        receiver.Answer = Receiver.Take;
        await Arrived();
        await Scenarios.Eventually(async () => await Single(Replayed) == 0, "what was replayed has arrived");
        receiver.Posts.Clear();
    }

    public ValueTask DisposeAsync()
    {
        receiver.Answer = Receiver.Take;
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_events_of_all_accounts_arrive_once_in_their_order_as_the_export_has_them()
    {
        var from = await Position();
        var accounts = new[] { await api.RegisteredAccount(), await api.RegisteredAccount() };
        foreach (var account in accounts) await account.AssignedDevice("phone");
        foreach (var account in accounts) await account.Grown(30);
        await Arrived();

        receiver.Taken.ShouldBe(await api.RowsAsync("select event_id::text from mfa.audit_item where sequence > $1 order by sequence", from));
        receiver.Posts.ShouldAllBe(post => post.Events.Count <= 20);
        var formatter = new JsonEventFormatter();
        foreach (var post in receiver.Posts)
        {
            post.Headers.ContentType.ToString().ShouldBe("application/cloudevents-batch+json; charset=utf-8");
            formatter.DecodeBatchModeMessage(post.Body, null, null).ShouldAllBe(e => e.IsValid);
        }

        var events = receiver.Posts.SelectMany(post => post.Events).ToList();
        foreach (var account in accounts)
            events.Where(e => e.GetProperty("source").GetString()!.EndsWith(account.Id, StringComparison.Ordinal)).Select(e => e.GetRawText())
                .ShouldBe((await account.Exported("format=cloudevents")).Lines.SkipLast(1));
        events.ShouldContain(e => e.GetProperty("data").GetProperty("deviceName").ValueKind == JsonValueKind.String);
    }

    [Fact]
    public async Task Each_post_is_signed_so_that_other_peoples_code_can_tell()
    {
        await (await api.RegisteredAccount()).Grown(3);
        await Arrived();
        foreach (var post in receiver.Posts)
        {
            (await Verified(post, PushHost.Secret)).ShouldBeTrue();
            (await Verified(post, PushHost.Secret + "!")).ShouldBeFalse();
            (await Verified(post with { Body = [.. post.Body, (byte)' '] }, PushHost.Secret)).ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData(503), InlineData(500), InlineData(429), InlineData(408), InlineData(401), InlineData(403), InlineData(404), InlineData(301), InlineData(415)]
    public async Task What_a_receiver_cannot_take_now_waits_and_arrives_once_it_can(int status)
    {
        var from = await Position();
        receiver.Answer = Receiver.Always(status);
        await (await api.RegisteredAccount()).Grown(30);
        await Scenarios.Eventually(() => Task.FromResult(receiver.Posts.Count(post => post.Events.Count == 20) > 8), "it was tried again and again");
        (await Position()).ShouldBe(from);
        (await Letters()).ShouldBeEmpty();

        receiver.Answer = Receiver.Take;
        await Arrived();
        receiver.Taken.ShouldBe(await EventsBehind(from));

        // The same events under the same id, each time signed anew.
        receiver.Posts.Where(post => post.Ids.SequenceEqual(receiver.Posts.First().Ids)).Select(post => post.Headers["webhook-id"].ToString())
            .Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_receiver_that_is_silent_is_not_waited_for_without_end()
    {
        var from = await Position();
        var silent = 2;
        receiver.Answer = async (_, response) =>
        {
            if (Interlocked.Decrement(ref silent) >= 0) await Task.Delay(TimeSpan.FromSeconds(20), response.HttpContext.RequestAborted);
            return 200;
        };
        var watch = Stopwatch.StartNew();
        await (await api.RegisteredAccount()).Grown(3);
        await Arrived();
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15));
        receiver.Taken.ShouldBe(await EventsBehind(from));
    }

    [Fact]
    public async Task A_receiver_that_names_a_time_is_left_alone_until_then()
    {
        receiver.Answer = (_, response) =>
        {
            if (receiver.Posts.Any(post => post.Status == 429)) return Task.FromResult(200);
            response.Headers.RetryAfter = "2";
            return Task.FromResult(429);
        };
        await (await api.RegisteredAccount()).Grown(3);
        await Arrived();
        var posts = receiver.Posts.ToList();
        var refused = posts.FindIndex(post => post.Status == 429);
        (posts[refused + 1].At - posts[refused].At).ShouldBeGreaterThan(TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var elsewhere = await Receiver.StartAsync();
        receiver.Answer = (_, response) =>
        {
            response.Headers.Location = elsewhere.Url;
            return Task.FromResult(307);
        };
        await (await api.RegisteredAccount()).Grown(3);
        await Scenarios.Eventually(() => Task.FromResult(receiver.Posts.Count > 3), "it was tried");
        elsewhere.Posts.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_event_that_is_refused_for_good_is_put_where_an_operator_sees_it_and_keeps_nothing_else_from_arriving()
    {
        var from = await Position();
        string? poison = null;
        receiver.Answer = (post, _) => Task.FromResult(poison is null ? 503 : post.Ids.Contains(poison) ? 422 : 200);
        var account = await api.RegisteredAccount();
        await account.Grown(60);
        var all = await EventsBehind(from);
        poison = all[33];

        await Arrived();
        receiver.Taken.ShouldBe([.. all.Where(id => id != poison)]);
        receiver.Posts.Count(post => post.Ids.SequenceEqual([poison])).ShouldBeGreaterThanOrEqualTo(5);
        await Scenarios.Eventually(async () => (await Letters()).Count == 1, "it is a dead letter");
        var letter = (await Letters()).Single();
        letter.GetProperty("exceptionType").GetString().ShouldEndWith("PushRefusedException");
        letter.GetRawText().ShouldNotContain(account.Id);

        // Once the receiver takes it, the operator has it sent again.
        receiver.Answer = Receiver.Take;
        (await api.A("operator").Post($"/dead-letters/{letter.GetProperty("id").GetString()}/replay")).ShouldBe(HttpStatusCode.Accepted);
        await Scenarios.Eventually(() => Task.FromResult(receiver.Taken.Contains(poison)), "it has arrived");
        await Scenarios.Eventually(async () => (await Letters()).Count == 0, "it is a dead letter no more");
        receiver.Taken.ShouldBe(all, ignoreOrder: true);
    }

    [Fact]
    public async Task Figures_tell_how_far_it_is_behind_and_what_failed()
    {
        using var listener = new MeterListener();
        var figures = new ConcurrentDictionary<string, double>();
        listener.InstrumentPublished = (instrument, me) =>
        {
            if (instrument.Name.StartsWith("mfaevents.audit_push", StringComparison.Ordinal)) me.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.Start();

        receiver.Answer = Receiver.Always(503);
        await (await api.RegisteredAccount()).Grown(10);
        await Scenarios.Eventually(() => Task.FromResult(receiver.Posts.Count > 3), "it was tried");
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        listener.RecordObservableInstruments();
        figures["mfaevents.audit_push.lag"].ShouldBeGreaterThanOrEqualTo(10);
        figures["mfaevents.audit_push.lag_time"].ShouldBeGreaterThan(1);
        figures["mfaevents.audit_push.failures 503"].ShouldBeGreaterThan(3);

        receiver.Answer = Receiver.Take;
        await Arrived();
        await Scenarios.Eventually(
            () =>
            {
                listener.RecordObservableInstruments();
                return Task.FromResult(figures["mfaevents.audit_push.lag"] == 0 && figures["mfaevents.audit_push.lag_time"] == 0);
            },
            "it is not behind any more");
        figures["mfaevents.audit_push.events delivered"].ShouldBeGreaterThanOrEqualTo(10);

        void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var name = tags.Length == 0 ? instrument.Name : $"{instrument.Name} {tags[0].Value}";
            if (instrument is Counter<long>) figures.AddOrUpdate(name, value, (_, sum) => sum + value);
            else figures[name] = value;
        }
    }

    [Fact]
    public async Task A_receiver_that_fails_for_a_while_degrades_the_service_and_leaves_it_ready()
    {
        (await Health()).ShouldContain("takes events");
        receiver.Answer = Receiver.Always(503);
        await (await api.RegisteredAccount()).Grown(3);
        await Scenarios.Eventually(() => Task.FromResult(receiver.Posts.Count > 3), "it was tried");
        await api.RowsAsync("update mfa.audit_push set failing_since = failing_since - interval '5 minutes' returning 1");
        (await Health()).ShouldContain("(503)");
        var ready = await api.Nobody().Get("/health/ready");
        ready.Status.ShouldBe(200);
        ready.TextOf("status").ShouldBe("degraded");
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_is_waited_for_and_told()
    {
        var from = await Position();
        await api.RowsAsync("alter table mfa.audit_item rename column event_type to away");
        try
        {
            await Scenarios.Eventually(async () => (await api.RowsAsync("select cause from mfa.audit_push where cause is not null")).Count == 1, "it is told");
            await api.RowsAsync("update mfa.audit_push set failing_since = failing_since - interval '5 minutes' returning 1");
            (await Health()).ShouldContain("(PostgresException)");
        }
        finally
        {
            await api.RowsAsync("alter table mfa.audit_item rename column away to event_type");
        }

        await (await api.RegisteredAccount()).Grown(3);
        await Arrived();
        receiver.Taken.ShouldBe(await EventsBehind(from));
        (await Health()).ShouldContain("takes events");
    }

    [Fact]
    public async Task A_receiver_that_refuses_everything_is_waited_for_whoever_has_the_turn()
    {
        var from = await Position();
        receiver.Answer = Receiver.Always(422);
        await (await api.RegisteredAccount()).Grown(30);
        await Scenarios.Eventually(async () => (await Letters()).Count == 10, "ten in a row were given up");
        foreach (var _ in Enumerable.Range(0, 2))
        {
            receiver.Posts.Clear();
            (await EndTurn()).ShouldBe(1);
            await Scenarios.Eventually(() => Task.FromResult(receiver.Posts.Count(post => post.Events.Count == 1) > 7), "somebody goes on");
            (await Letters()).Count.ShouldBe(10);
        }

        // Whoever has to find out what was wrong may take months.
        var kept = await api.RowsAsync("select extract(year from expires)::text from wolverine.wolverine_dead_letters where message_type like '%PushRefused'");
        kept.ShouldAllBe(year => int.Parse(year) > DateTimeOffset.UtcNow.Year + 50);

        receiver.Answer = Receiver.Take;
        await Arrived();
        foreach (var letter in await Letters())
            (await api.A("operator").Post($"/dead-letters/{letter.GetProperty("id").GetString()}/replay")).ShouldBe(HttpStatusCode.Accepted);
        var all = await EventsBehind(from);
        await Scenarios.Eventually(() => Task.FromResult(receiver.Taken.Count == all.Count), "all have arrived");
        receiver.Taken.ShouldBe(all, ignoreOrder: true);
        await Scenarios.Eventually(async () => (await Letters()).Count == 0, "they are dead letters no more");
    }

    [Fact]
    public async Task Whoever_lost_the_turn_puts_nothing_aside()
    {
        var from = await Position();
        var (poison, refusals) = ((string?)null, 0);
        receiver.Answer = async (post, _) =>
        {
            if (poison is null) return 503;
            if (!post.Ids.Contains(poison)) return 200;
            if (post.Events.Count == 1 && ++refusals == 5) await EndTurn();
            return 422;
        };
        await (await api.RegisteredAccount()).Grown(5);
        poison = (await EventsBehind(from))[2];
        await Arrived();
        refusals.ShouldBeGreaterThanOrEqualTo(10);
        await Scenarios.Eventually(async () => (await Letters()).Count > 0, "it is a dead letter");
        var letter = (await Letters()).ShouldHaveSingleItem();

        receiver.Answer = Receiver.Take;
        (await api.A("operator").Post($"/dead-letters/{letter.GetProperty("id").GetString()}/replay")).ShouldBe(HttpStatusCode.Accepted);
        await Scenarios.Eventually(async () => (await Letters()).Count == 0, "it is a dead letter no more");
    }

    /// <summary>The connection that pushes is gone, as with its node.</summary>
    private async Task<int> EndTurn() => (await api.RowsAsync(
        "select pg_terminate_backend(pid)::text from pg_locks where locktype = 'advisory' and ((classid::bigint << 32) | objid::bigint) = $1 and granted",
        AdvisoryLock.Push)).Count;

    /// <summary>Python's own hmac, over what came in, as Standard Webhooks 1.0 says.</summary>
    private static async Task<bool> Verified(Post post, string secret)
    {
        const string Script =
            """
            import base64, hashlib, hmac, sys
            secret, id, at, signature = sys.argv[1:]
            signed = f"{id}.{at}.".encode() + sys.stdin.buffer.read()
            wanted = "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
            sys.exit(0 if hmac.compare_digest(wanted, signature) else 1)
            """;
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardInput = true };
        foreach (var argument in (string[])["-c", Script, secret, post.Headers["webhook-id"]!, post.Headers["webhook-timestamp"]!, post.Headers["webhook-signature"]!])
            start.ArgumentList.Add(argument);
        using var python = Process.Start(start)!;
        await python.StandardInput.BaseStream.WriteAsync(post.Body, TestContext.Current.CancellationToken);
        python.StandardInput.Close();
        await python.WaitForExitAsync(TestContext.Current.CancellationToken);
        return python.ExitCode == 0;
    }

    /// <summary>Waits until all there is was taken, or put aside.</summary>
    private async Task Arrived()
    {
        var newest = await Single("select coalesce(max(seq_id), 0) from mfa.mt_events where type <> 'tombstone'");
        await Scenarios.Eventually(async () => await Position() >= newest, $"the push has come to {newest}");
    }

    private async Task<string> Health() => (await api.A("operator").Get("/health/details"))["parts"].GetProperty("auditPush").GetRawText();

    private Task<long> Position() => Single("select coalesce(max(sequence), 0) from mfa.audit_push");

    private Task<IReadOnlyList<string>> EventsBehind(long sequence) =>
        api.RowsAsync("select id::text from mfa.mt_events where seq_id > $1 and type <> 'tombstone' order by seq_id", sequence);

    private async Task<IReadOnlyList<JsonElement>> Letters() =>
        [.. (await api.A("operator").Get("/dead-letters?limit=500"))["items"].EnumerateArray()
            .Where(letter => letter.GetProperty("messageType").GetString()!.EndsWith("PushRefused", StringComparison.Ordinal))];

    private async Task<long> Single(string sql) => long.Parse((await api.RowsAsync(sql)).Single());
}
