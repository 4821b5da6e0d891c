using MfaEvents.Core.Devices.Totp;
using MfaEvents.Server.EmbeddedPostgres;

namespace MfaEvents.SystemTests;

/// <summary>Two processes on one PostgreSQL and one key folder are one service.</summary>
public sealed class TwoNodesTests : IDisposable
{
    private readonly DataDirectory database = new();
    private readonly DataDirectory keys = new();

    public void Dispose()
    {
        database.Dispose();
        keys.Dispose();
    }

    [Fact]
    public async Task A_code_and_a_key_work_once_on_both_together()
    {
        await using var postgres = await EmbeddedPostgresServer.StartAsync(
            new EmbeddedPostgresOptions
            {
                DataDirectory = database.Path,
                Cache = Path.Combine(Repository.Root, ".cache", "postgres"),
                Fsync = false,
            },
            TestContext.Current.CancellationToken);
        await using var first = await ServerProcess.StartAsync(keys.Path, ("ConnectionStrings__Mfa", postgres.ConnectionString));
        await using var second = await ServerProcess.StartAsync(keys.Path, ("ConnectionStrings__Mfa", postgres.ConnectionString));
        first.IsRunning.ShouldBeTrue(first.Output);
        second.IsRunning.ShouldBeTrue(second.Output);
        Directory.Exists(Path.Combine(keys.Path, "postgres")).ShouldBeFalse();

        var account = await first.RegisteredAccountAsync();
        using var onFirst = Api.Owner(first, account);
        using var onSecond = Api.Owner(second, account);
        Api[] nodes = [onFirst, onSecond];

        var devices = await Task.WhenAll(Enumerable.Range(0, 12).Select(i =>
            nodes[i % 2].PostAsync(Scenarios.Devices(account), new { deviceName = "phone", deviceType = "virtual" }, "once")));
        devices.Select(reply => reply.Status).ShouldAllBe(status => status == 201);
        devices.Select(reply => reply.Body!["secretKey"]!.GetValue<string>()).Distinct().ShouldHaveSingleItem();

        var device = devices[0].Body!;
        await onFirst.ActivatedAsync(account, device);
        var key = SecretKey.FromBase32(device["secretKey"]!.GetValue<string>());
        var code = TotpCode.At(key, TimeStep.At(DateTimeOffset.UtcNow) + 1);
        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            nodes[i % 2].PostAsync($"{Scenarios.Devices(account)}/{device["deviceId"]}/verifications", new { code })));
        replies.Count(reply => reply.Status == 200).ShouldBe(1);
        replies.Count(reply => reply.Status == 403).ShouldBe(39);

        var history = await onSecond.HistoryAsync(account);
        history.Count(item => item!["eventType"]!.GetValue<string>() == "code_accepted").ShouldBe(1);
        history.Count(item => item!["eventType"]!.GetValue<string>() == "code_rejected").ShouldBe(39);
    }
}
