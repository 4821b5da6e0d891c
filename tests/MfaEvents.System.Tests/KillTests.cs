using System.Collections.Concurrent;
using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.SystemTests;

/// <summary>kill -9 in the middle of writes loses nothing that was acknowledged, and leaves nothing half done.</summary>
public sealed class KillTests : IDisposable
{
    private readonly DataDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task Every_acknowledged_fact_is_there_after_a_kill()
    {
        var acknowledged = new ConcurrentBag<(string Account, string DeviceId, string Secret, string Name)>();
        await using (var server = await ServerProcess.StartAsync(data.Path))
        {
            var accounts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.RegisteredAccountAsync()));
            var writers = accounts.Select(account => WriteUntilKilledAsync(server, account, acknowledged)).ToArray();
            while (acknowledged.Count < 20) await Task.Delay(5, TestContext.Current.CancellationToken);
            server.Kill();
            await Task.WhenAll(writers);
        }

        await using var again = await ServerProcess.StartAsync(data.Path);
        again.IsRunning.ShouldBeTrue(again.Output);
        foreach (var devices in acknowledged.GroupBy(device => device.Account))
        {
            using var owner = Api.Owner(again, devices.Key);
            var listed = (await owner.GetAsync(Scenarios.Devices(devices.Key))).Body!["devices"]!.AsArray();
            var assigned = (await owner.HistoryAsync(devices.Key)).Where(item => item!["eventType"]!.GetValue<string>() == "device_assigned").ToArray();
            assigned.Length.ShouldBe(listed.Count);
            foreach (var device in devices)
            {
                listed.ShouldContain(entry => entry!["deviceId"]!.GetValue<string>() == device.DeviceId);

                // The name is reserved and the seed is there: neither half of an assignment is without the other.
                (await owner.PostAsync(Scenarios.Devices(devices.Key), new { deviceName = device.Name, deviceType = "virtual" })).Status.ShouldBe(409);
                var (key, step) = (SecretKey.FromBase32(device.Secret), TimeStep.At(DateTimeOffset.UtcNow));
                (await owner.PostAsync(
                    $"{Scenarios.Devices(devices.Key)}/{device.DeviceId}/resync",
                    new { code1 = TotpCode.At(key, step - 1), code2 = TotpCode.At(key, step) })).Body!["type"]!.GetValue<string>().ShouldEndWith("device-pending");
            }
        }
    }

    [Fact]
    public async Task A_reserved_address_gets_its_account_after_a_kill()
    {
        var emails = Enumerable.Range(0, 24).Select(_ => Scenarios.AnyEmail()).ToArray();
        await using (var server = await ServerProcess.StartAsync(data.Path))
        {
            using var provisioner = Api.Provisioner(server);
            var registrations = emails.Select(email => IgnoreLossAsync(() => provisioner.PostAsync("/accounts", Scenarios.Registration(email), email))).ToArray();
            await Task.WhenAny(registrations);
            server.Kill();
            await Task.WhenAll(registrations);
        }

        // The same request with the same key says which account was reserved, or registers it now.
        await using var again = await ServerProcess.StartAsync(data.Path);
        using var repeated = Api.Provisioner(again);
        foreach (var email in emails)
        {
            var reply = await repeated.PostAsync("/accounts", Scenarios.Registration(email), email);
            reply.Status.ShouldBe(201);
            var account = reply.Body!["accountId"]!.GetValue<string>();
            using var owner = Api.Owner(again, account);
            var tries = 0;
            while ((await owner.GetAsync($"/accounts/{account}")).Status != 200)
            {
                (++tries).ShouldBeLessThan(300);
                await Task.Delay(200, TestContext.Current.CancellationToken);
            }
        }
    }

    private static async Task WriteUntilKilledAsync(
        ServerProcess server, string account, ConcurrentBag<(string, string, string, string)> acknowledged)
    {
        using var owner = Api.Owner(server, account);
        for (var i = 0; i < 8; i++)
        {
            var name = $"device-{i}";
            var reply = await IgnoreLossAsync(() => owner.PostAsync(Scenarios.Devices(account), new { deviceName = name, deviceType = "virtual" }));
            if (reply?.Status != 201) return;
            acknowledged.Add((account, reply.Body!["deviceId"]!.GetValue<string>(), reply.Body["secretKey"]!.GetValue<string>(), name));
        }
    }

    private static async Task<Reply?> IgnoreLossAsync(Func<Task<Reply>> send)
    {
        try
        {
            return await send();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException)
        {
            return null;
        }
    }
}
