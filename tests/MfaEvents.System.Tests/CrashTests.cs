using System.Diagnostics;

namespace MfaEvents.SystemTests;

/// <summary>kill -9 in the middle of work: nothing that was acknowledged is lost, and nothing is half done.</summary>
public sealed class CrashTests : IDisposable
{
    private const int Writers = 12;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_acknowledged_fact_survives_and_nothing_is_half_done()
    {
        TestAccount account;
        Writer[] writers;
        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            account = await server.RegisterAsync();
            foreach (var user in Enumerable.Range(1, Writers - 1))
                await account.CreateUserAsync($"user{user}");
            writers = [.. Enumerable.Range(0, Writers).Select(i => new Writer(account, i == 0 ? "root" : $"user:user{i}"))];

            var writing = writers.Select(writer => writer.UntilTheServerEndsAsync()).ToArray();
            await Eventually.Holds("300 requests are acknowledged", TimeSpan.FromMinutes(2), () => Task.FromResult(
                Array.Exists(writing, writer => writer.IsCompleted) || writers.Sum(writer => writer.Acknowledged.Count) > 300));
            await server.KillAsync();
            await Task.WhenAll(writing);
        }

        // The end of the killed server's pipe has ended its PostgreSQL: no process of it is left before the next start.
        await Postgres.IsGone(folder.Data);

        await using var again = await ServerProcess.StartAsync(folder.Data);
        TestContext.Current.TestOutputHelper!.WriteLine($"start after the kill: {again.StartTook}");
        account = account.On(again);
        var histories = new Dictionary<string, JsonArray>();
        foreach (var writer in writers) histories[writer.Principal] = await HistoryIsWhatWasAcknowledgedAsync(account, writer);
        await AuditTrailTellsTheSameAsync(account, histories);
        foreach (var writer in writers) await NothingIsHalfDoneAsync(account, writer, histories[writer.Principal]);
    }

    [Fact]
    public async Task Every_registration_that_took_an_address_gets_its_account()
    {
        // Each round goes on with the data of the one before, until a kill fell between reservation and opening.
        const int rounds = 2;
        var (seen, output) = (0, TestContext.Current.TestOutputHelper!);
        for (var round = 0; round < rounds && seen == 0; round++) seen = await RegistrationsAreCompletedAsync(output);
        output.WriteLine($"{seen} accounts were reserved and not opened when the server was killed");
    }

    private async Task<int> RegistrationsAreCompletedAsync(ITestOutputHelper output)
    {
        var emails = Enumerable.Range(0, 40).Select(_ => Scenario.NewEmail()).ToArray();
        Dictionary<string, string> acknowledged = [];
        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            var provisioner = await server.TokenAsync("--role", "provisioner");
            await Task.WhenAll(emails.Select(async email =>
            {
                try
                {
                    var reply = await server.Api.PostAsync("/accounts", provisioner, Scenario.Registration(email), email);
                    var isTenth = false;
                    lock (acknowledged)
                    {
                        acknowledged[email] = reply.ShouldBe(201)["accountId"]!;
                        isTenth = acknowledged.Count == 10;
                    }

                    if (isTenth) await server.KillAsync();
                }
                catch (HttpRequestException)
                {
                    // No answer.
                }
            }));
        }

        await using var again = await ServerProcess.StartAsync(folder.Data);
        var registering = await again.TokenAsync("--role", "provisioner");
        var watch = Stopwatch.StartNew();

        // The same key gives the answer of the registration that reserved the address, and registers one that none reserved.
        var accounts = new Dictionary<string, string>();
        var unopened = new List<string>();
        var auditor = await again.TokenAsync("--role", "auditor");
        foreach (var email in emails)
        {
            var reply = await again.Api.PostAsync("/accounts", registering, Scenario.Registration(email), email);
            var account = accounts[email] = reply.ShouldBe(201)["accountId"]!;
            if (acknowledged.TryGetValue(email, out var first)) account.ShouldBe(first);
            if ((await again.Api.GetAsync($"/accounts/{account}", auditor)).Status == 404) unopened.Add(account);
        }

        unopened.ShouldAllBe(account => !acknowledged.ContainsValue(account));
        foreach (var email in emails)
        {
            var repeated = await again.Api.PostAsync("/accounts", registering, Scenario.Registration(email));
            repeated.ShouldBe(409).Slug.ShouldBe("email-taken");
            var account = await again.OwnerOfAsync(accounts[email]);
            await Eventually.Holds($"account {account.Id} is open", TimeSpan.FromSeconds(30), async () =>
                (await again.Api.GetAsync(account.Path, account.Token)).Status == 200);
            (await again.Api.GetAsync($"{account.Path}/contact", account.Token)).ShouldBe(200)["email"].ShouldBe(email);
            await account.AssignAsync("phone");
        }

        output.WriteLine($"{unopened.Count} unopened; all are open {watch.Elapsed} after the start");
        return unopened.Count;
    }

    private static async Task<JsonArray> HistoryIsWhatWasAcknowledgedAsync(TestAccount account, Writer writer)
    {
        var items = await account.HistoryAsync(writer.Principal);
        var versions = items.Select(item => (long)item!["version"]!).ToArray();
        versions.ShouldBe(Enumerable.Range(1, items.Count).Select(version => (long)version));
        items[0]!["eventType"]!.ToString().ShouldBe("principal_created");

        // What a first activation and a removal do to sessions is told beside them.
        var told = items.Skip(1).Where(item => item!["eventType"]!.ToString() != "sessions_ended")
            .Select(item => (EventType: item!["eventType"]!.ToString(), DeviceId: item["data"]!["deviceId"]!.ToString())).ToArray();
        told.Take(writer.Acknowledged.Count).ShouldBe(writer.Acknowledged);

        // The request under way was done altogether or not at all: of those here, none has more than two events.
        var more = told.Skip(writer.Acknowledged.Count).ToArray();
        more.Length.ShouldBeLessThanOrEqualTo(2);
        if (more.Length == 2) more.Select(e => e.EventType).ShouldBe(["device_activated", "device_out_of_sync"]);
        return items;
    }

    private static async Task AuditTrailTellsTheSameAsync(TestAccount account, Dictionary<string, JsonArray> histories)
    {
        var watch = Stopwatch.StartNew();
        await account.AuditTrailIsCompleteAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"audit trail complete after {watch.Elapsed}");

        List<JsonNode> items = [];
        string? cursor = null;
        do
        {
            var page = (await account.Api.GetAsync($"{account.Path}/audit?limit=100{cursor}", account.Token)).ShouldBe(200);
            items.AddRange(page.Body!["items"]!.AsArray()!);
            cursor = page["nextCursor"] is { } next ? $"&cursor={Uri.EscapeDataString(next)}" : null;
        }
        while (cursor is not null);

        items.Reverse();
        items.Select(item => (long)item["index"]!).ShouldBe(Enumerable.Range(0, items.Count).Select(index => (long)index));
        foreach (var (principal, history) in histories)
        {
            items.Where(item => item["principal"]?.ToString() == principal)
                .Select(item => ((long)item["version"]!, item["eventType"]!.ToString()))
                .ShouldBe(history.Select(item => ((long)item!["version"]!, item["eventType"]!.ToString())), principal);
        }
    }

    private static async Task NothingIsHalfDoneAsync(TestAccount account, Writer writer, JsonArray history)
    {
        var shown = history[^1]!["devicesAfter"]!.AsArray();
        var list = await account.Api.GetAsync(account.Devices(writer.Principal), account.Token);
        var listed = list.ShouldBe(200).Body!["devices"]!.AsArray();
        listed.ToJsonString().ShouldBe(shown.ToJsonString());

        // A name is taken exactly when a device has it.
        var names = listed.Select(device => device!["deviceName"]!.ToString()).ToArray();
        var used = writer.Devices.SelectMany(written => (string?[])[written.Device.Name, written.Name]);
        foreach (var name in used.Append(writer.NameUnderWay).OfType<string>().Distinct())
        {
            var reply = await account.Api.PostAsync(account.Devices(writer.Principal), account.Token, Scenario.Assignment(name));
            if (names.Contains(name)) reply.ShouldBe(409).Slug.ShouldBe("device-name-taken");
            else if (reply.Slug != "device-limit-reached") reply.ShouldBe(201);
        }

        // A seed is there exactly as long as its device.
        foreach (var written in writer.Devices.Where(written => written.Device.Id != writer.DeviceUnderWay))
        {
            var device = written.Device;
            if (written.IsRemoved)
            {
                (await account.VerifyAsync(device, "123456")).ShouldBe(404);
            }
            else if (written.IsActive)
            {
                (await account.VerifyAsync(device, written.LastCode!)).ShouldBe(403);
                (await account.VerifyAsync(device, await Authenticator.CodeAsync(device.SecretKey, 1))).ShouldBe(200);
                (await account.Api.GetAsync(device.Path, account.Token)).ShouldBe(200)["deviceName"].ShouldBe(written.Name);
            }
        }
    }
}
