using System.Collections.Concurrent;
using System.Diagnostics;

namespace MfaEvents.SystemTests;

/// <summary>One of two nodes is killed (SIGKILL): nothing acknowledged is lost or done twice, and the other takes its work over.</summary>
public sealed class NodeDeathTests : IAsyncLifetime
{
    private readonly Service service = new();

    public ValueTask InitializeAsync() => service.InitializeAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task What_was_acknowledged_is_there_once_and_a_repetition_on_the_other_node_gets_the_first_answer()
    {
        // The first one works alone at its start: it is the one with the agents.
        await using var killed = await service.StartNodeAsync();
        await using var other = await service.StartNodeAsync();
        var account = await killed.RegisterAsync();
        string[] principals = ["root", .. Enumerable.Range(1, 9).Select(i => $"user:user{i}")];
        foreach (var principal in principals.Skip(1)) await account.CreateUserAsync(principal["user:".Length..]);

        // Nine principals on the node that will die, and one on the other, which does not feel it.
        var clients = principals.Select(principal => new Client(account.On(principal == "user:user9" ? other : killed), principal)).ToArray();
        using var end = new CancellationTokenSource();
        var working = clients.Select(client => client.WorkAsync(end.Token)).ToArray();
        await Eventually.Holds("100 requests are acknowledged", TimeSpan.FromMinutes(2), () =>
            Task.FromResult(clients.Sum(client => client.Sent.Count(sent => sent.Answer is not null)) > 100));
        await killed.KillAsync();
        await end.CancelAsync();
        await Task.WhenAll(working);

        account = account.On(other);
        var unanswered = 0;
        foreach (var client in clients)
            foreach (var sent in Enumerable.Reverse(client.Sent))
            {
                var again = await account.Api.PostAsync(sent.Path, account.Token, sent.Body, sent.Key);
                if (sent.Answer is null) unanswered++;
                again.ShouldBe(sent.Answer?.Status ?? again.Status);
                again.Status.ShouldBeOneOf(200, 201);

                // A device's secret is shown again only while it is pending; who it is, always.
                if (sent.Answer is { } first && first["deviceId"] is { } id) again["deviceId"].ShouldBe(id);
                else if (sent.Answer is not null) again.Body!.ToJsonString().ShouldBe(sent.Answer.Body!.ToJsonString());
            }

        foreach (var client in clients) await HistoryIsWhatWasSentAsync(account, client);
        Say($"{clients.Sum(client => client.Sent.Count)} requests, of which {unanswered} had no answer");
    }

    [Fact]
    public async Task Scheduled_and_recurring_messages_run_once_also_when_the_node_that_sent_them_is_gone()
    {
        var settings = service.Settings.With("MfaEvents__Devices__PendingLifetime", "00:00:20");
        await using var killed = await service.StartNodeAsync(settings);
        await using var other = await service.StartNodeAsync(settings);
        var account = await killed.RegisterAsync();
        await account.AuditTrailIsCompleteAsync();

        // Both are up, and the recurring message waits for its hour once.
        (await service.Database.RowsAsync(Envelopes("ForgetAnswers", "Scheduled"))).ShouldHaveSingleItem();
        var devices = new List<(TestAccount On, TestDevice Device, DateTime Due)>();
        foreach (var node in (ServerProcess[])[killed, other, killed, other, killed, other])
        {
            var device = await account.On(node).AssignAsync($"phone{devices.Count}");
            devices.Add((account.On(node), device, DateTime.UtcNow.AddSeconds(20)));
        }

        await killed.KillAsync();
        var watch = Stopwatch.StartNew();
        account = account.On(other);
        var due = (await service.Database.RowsAsync(Envelopes("ForgetAnswers", "Scheduled"))).Single();
        await service.Database.RowsAsync($"update wolverine.wolverine_incoming_envelopes set execution_time = now() where id = '{due}' returning id::text");

        await account.AuditTrailIsCompleteAsync();
        Say($"the other node has the audit trail {watch.Elapsed.TotalSeconds:F1} s after the kill");
        await Eventually.Holds("the recurring message is handled", TimeSpan.FromMinutes(2), async () =>
            (await service.Database.RowsAsync(Envelopes("ForgetAnswers", "Handled"))).Contains(due));
        await Eventually.Holds("pending devices expire", TimeSpan.FromMinutes(2), async () =>
            (await account.Api.GetAsync(account.Devices(), account.Token)).ShouldBe(200).Body!["devices"]!.AsArray().Count == 0);
        var late = DateTime.UtcNow - devices[^1].Due;
        Say($"the last of {devices.Count} pending devices expired {late.TotalSeconds:F1} s after it was due");

        // Both nodes look for due messages every five seconds: a second run would have come.
        await Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        (await service.Database.RowsAsync(Envelopes("ForgetAnswers", "Handled"))).ShouldBe([due]);
        (await service.Database.RowsAsync(Envelopes("ExpirePendingDevice", "Handled"))).Count.ShouldBe(devices.Count);
        (await service.Database.RowsAsync("select id::text from wolverine.wolverine_dead_letters")).ShouldBeEmpty();
        var history = await account.HistoryAsync();
        foreach (var (_, device, _) in devices)
            history.Count(item => item!["eventType"]!.ToString() == "device_removed" && item["data"]!["deviceId"]!.ToString() == device.Id)
                .ShouldBe(1);
    }

    [Fact]
    public async Task Notices_move_to_the_other_node_and_each_is_told_once()
    {
        await using var first = await service.StartNodeAsync();
        await using var second = await service.StartNodeAsync();
        var account = await first.RegisterAsync();
        await account.CreateUserAsync("before");
        await Eventually.Holds("the first is told", TimeSpan.FromMinutes(1), () => Task.FromResult(LettersOf("before").Any()));

        // Nodes are numbered in the order of their starts.
        var node = (await service.Database.RowsAsync(
            """
            select n.node_number::text from wolverine.wolverine_node_assignments a join wolverine.wolverine_nodes n on n.id = a.node_id
            where a.id like '%notices%'
            """)).ShouldHaveSingleItem();
        var (killed, other) = node == "1" ? (first, second) : (second, first);
        await account.On(killed).CreateUserAsync("meanwhile");
        await killed.KillAsync();
        account = account.On(other);
        for (var user = 0; user < 10; user++) await account.CreateUserAsync($"after-{user}");

        string[] users = ["before", "meanwhile", .. Enumerable.Range(0, 10).Select(user => $"after-{user}")];
        foreach (var user in users)
            await Eventually.Holds($"{user} is told", TimeSpan.FromMinutes(2), () => Task.FromResult(LettersOf(user).Any()));
        foreach (var user in users) LettersOf(user).Count().ShouldBe(1, user);

        // One message for each event, and one for each mail: where the other node went on, it told nothing again.
        foreach (var message in (string[])["TellOf", "SendNotice"])
            (await service.Database.RowsAsync(
                $$"""
                select substring(encode(body, 'escape') from '\{"[^}]*\}') from wolverine.wolverine_incoming_envelopes
                where message_type like '%{{message}}'
                """)).ShouldBeUnique();
        (await service.Database.RowsAsync("select id::text from wolverine.wolverine_dead_letters")).ShouldBeEmpty();
    }

    private IEnumerable<string> LettersOf(string user)
    {
        var outbox = Path.Combine(service.Keys.Data, "outbox");
        return Directory.Exists(outbox)
            ? Directory.GetFiles(outbox, "notice.*.eml").Where(file => File.ReadAllText(file).Contains($"The user \"{user}\" was created", StringComparison.Ordinal))
            : [];
    }

    private static async Task HistoryIsWhatWasSentAsync(TestAccount account, Client client)
    {
        var history = await account.HistoryAsync(client.Principal);
        history.Select(item => (long)item!["version"]!).ShouldBe(Enumerable.Range(1, history.Count).Select(version => (long)version));
        var told = history.Select(item => item!["eventType"]!.ToString()).GroupBy(type => type).ToDictionary(type => type.Key, type => type.Count());
        foreach (var sent in client.Sent.GroupBy(sent => sent.EventType))
            told.GetValueOrDefault(sent.Key).ShouldBe(sent.Count(), $"{client.Principal}: {sent.Key}");
        told.ShouldNotContainKey("code_rejected");
    }

    private static string Envelopes(string type, string status) =>
        $"select id::text from wolverine.wolverine_incoming_envelopes where message_type like '%{type}' and status = '{status}'";

    private static void Say(string what) => TestContext.Current.TestOutputHelper!.WriteLine(what);

    private sealed record Request(string Path, JsonObject Body, string Key, string EventType)
    {
        public Reply? Answer { get; set; }
    }

    /// <summary>Assigns devices to a principal, activates each and verifies a code, every request with a key of its own.</summary>
    private sealed class Client(TestAccount account, string principal)
    {
        private readonly ConcurrentQueue<Request> sent = [];

        public string Principal => principal;

        public IReadOnlyList<Request> Sent => [.. sent];

        public async Task WorkAsync(CancellationToken end)
        {
            for (var i = 0; i < 8 && !end.IsCancellationRequested; i++)
            {
                var assigned = await SendAsync(account.Devices(principal), Scenario.Assignment($"{principal.Replace(':', '-')}-{i}"), "device_assigned");
                if (assigned is null) return;
                var path = $"{account.Devices(principal)}/{assigned["deviceId"]}";
                await Authenticator.HasTimeAsync(TimeSpan.FromSeconds(3));
                var codes = await Authenticator.CodesAsync(assigned["secretKey"]!, -2, 3);
                if (await SendAsync(path + "/codes", new() { ["code1"] = codes[0], ["code2"] = codes[1] }, "device_activated") is null) return;
                if (await SendAsync(path + "/verifications", new() { ["code"] = codes[2] }, "code_accepted") is null) return;
            }
        }

        private async Task<Reply?> SendAsync(string path, JsonObject body, string eventType)
        {
            var request = new Request(path, body, Guid.NewGuid().ToString(), eventType);
            sent.Enqueue(request);
            try
            {
                request.Answer = await account.Api.PostAsync(path, account.Token, body, request.Key);
                request.Answer.Status.ShouldBeOneOf(200, 201);
                return request.Answer;
            }
            catch (HttpRequestException)
            {
                // Without an answer nobody knows whether it was done.
                return null;
            }
        }
    }
}
