using System.Collections.Concurrent;
using System.Diagnostics;

namespace MfaEvents.SystemTests;

/// <summary>PostgreSQL is stopped and started under load: the server stays, and comes back with it.</summary>
public sealed class DatabaseFailureTests
{
    private const int Workers = 6;

    private readonly ConcurrentQueue<(string Principal, string EventType)> acknowledged = new();
    private readonly ConcurrentQueue<Reply> refused = new();

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task Nothing_is_lost_or_doubled_and_service_comes_back_by_itself(bool immediately)
    {
        await using Service service = new(fsync: true);
        await service.InitializeAsync();
        await using var server = await service.StartNodeAsync(service.Settings.With("MfaEvents__Devices__PendingLifetime", "00:00:15"));
        var account = await server.RegisterAsync();
        await account.CreateUserAsync("forgetful");
        await account.AssignAsync("forgotten", "user:forgetful");
        var output = TestContext.Current.TestOutputHelper!;

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var working = Enumerable.Range(0, Workers).Select(number => WorkAsync(account, number, stop.Token)).ToArray();
        await AcknowledgedAsync(40);

        await service.Database.StopAsync(immediately);
        await Eventually.Holds("the server says that it is not ready", TimeSpan.FromSeconds(30), async () => !await server.Api.IsReadyAsync());
        await Eventually.Holds("callers are told", TimeSpan.FromSeconds(30), () => Task.FromResult(refused.Count > Workers));
        await Task.Delay(TimeSpan.FromSeconds(3), stop.Token);

        var before = acknowledged.Count;
        await service.Database.InitializeAsync();
        var watch = Stopwatch.StartNew();
        await Eventually.Holds("the server is ready again", TimeSpan.FromSeconds(30), server.Api.IsReadyAsync);
        await AcknowledgedAsync(before + 1);
        output.WriteLine($"first work done {watch.Elapsed} after the database was back");
        await AcknowledgedAsync(before + 40);
        await stop.CancelAsync();
        await Task.WhenAll(working);

        output.WriteLine($"{acknowledged.Count} acknowledged, {refused.Count} refused");
        refused.ShouldAllBe(reply => reply.Status == 503 && reply.Slug == "unavailable" && reply["traceId"] != null);
        await EverythingAcknowledgedHappenedOnceAsync(account);

        watch.Restart();
        await account.AuditTrailIsCompleteAsync();
        output.WriteLine($"audit trail complete after {watch.Elapsed}");
        await Eventually.Holds("the delayed message fires", TimeSpan.FromSeconds(60), async () =>
            (await account.HistoryAsync("user:forgetful"))[^1]!["eventType"]!.ToString() == "device_removed");
        var operating = await server.TokenAsync("--role", "operator");
        (await server.Api.GetAsync("/dead-letters", operating)).ShouldBe(200).Body!["items"]!.AsArray().ShouldBeEmpty();
        (await server.Api.GetAsync("/projections", operating)).ShouldBe(200).Body!.AsArray()
            .ShouldAllBe(one => one!["state"]!.ToString() == "running");
    }

    /// <summary>Users come, get a device, activate it, use it and lose it; whoever is refused is left as he is.</summary>
    private async Task WorkAsync(TestAccount account, int number, CancellationToken stop)
    {
        for (var turn = 0; !stop.IsCancellationRequested; turn++)
        {
            var principal = $"user:w{number}-{turn}";
            var user = new JsonObject { ["userName"] = principal["user:".Length..] };
            if (await TryAsync(principal, "principal_created", account.Api.PostAsync($"{account.Path}/users", account.Token, user)) is null)
            {
                await Task.Delay(100, CancellationToken.None);
                continue;
            }

            var name = $"w{number}-{turn}";
            var assigning = account.Api.PostAsync(account.Devices(principal), account.Token, Scenario.Assignment(name));
            if (await TryAsync(principal, "device_assigned", assigning) is not { } shown) continue;

            var device = new TestDevice($"{account.Devices(principal)}/{shown["deviceId"]}", shown["deviceId"]!, name, shown["secretKey"]!, []);
            await Authenticator.HasTimeAsync(TimeSpan.FromSeconds(6));
            var codes = await Authenticator.CodesAsync(device.SecretKey, -1, 3);
            if (await TryAsync(principal, "device_activated", account.SubmitAsync(device, codes[0], codes[1])) is null) continue;
            if (await TryAsync(principal, "code_accepted", account.VerifyAsync(device, codes[2])) is null) continue;
            await TryAsync(principal, "device_removed", account.Api.DeleteAsync(device.Path, account.Token));
        }
    }

    private async Task<Reply?> TryAsync(string principal, string eventType, Task<Reply> request)
    {
        var reply = await request;
        if (reply.Status is >= 200 and < 300)
        {
            acknowledged.Enqueue((principal, eventType));
            return reply;
        }

        refused.Enqueue(reply);
        return null;
    }

    private Task AcknowledgedAsync(int count) => Eventually.Holds(
        $"{count} requests are acknowledged", TimeSpan.FromSeconds(90), () => Task.FromResult(acknowledged.Count >= count));

    private async Task EverythingAcknowledgedHappenedOnceAsync(TestAccount account)
    {
        foreach (var principal in acknowledged.GroupBy(fact => fact.Principal))
        {
            var told = (await account.HistoryAsync(principal.Key)).Select(item => item!["eventType"]!.ToString())
                .Where(type => type != "sessions_ended").ToArray();
            told.ShouldBeUnique(principal.Key);
            var promised = principal.Select(fact => fact.EventType).ToArray();
            told.Take(promised.Length).ShouldBe(promised, principal.Key);

            // Of the request that was refused nobody knows whether its commit was the last thing the database did.
            told.Length.ShouldBeLessThanOrEqualTo(promised.Length + 1, principal.Key);
        }
    }
}
