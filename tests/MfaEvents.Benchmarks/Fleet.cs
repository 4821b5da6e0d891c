using System.Collections.Concurrent;
using System.Net;

namespace MfaEvents.Benchmarks;

/// <summary>Many principals with one active device each, and the verifications that a service asks for on their behalf.</summary>
public sealed class Fleet
{
    private readonly Api api;
    private readonly string service;
    private readonly ConcurrentQueue<Device> queue;

    private Fleet(Api api, string service, IReadOnlyList<Device> devices) =>
        (this.api, this.service, Devices, queue) = (api, service, devices, new ConcurrentQueue<Device>(devices));

    public IReadOnlyList<Device> Devices { get; }

    /// <summary>Prepares it through the API: accounts, then users, each with a device.</summary>
    public static async Task<Fleet> PrepareAsync(Api api, int accounts, int users, int workers)
    {
        var provisioner = api.Token("--role", "provisioner");
        var owners = new (string AccountId, string Token)[accounts];
        await EachAsync(accounts, workers, async i =>
        {
            var accountId = await api.RegisterAccountAsync(provisioner, $"bench{i}");
            owners[i] = (accountId, api.Token("--role", "owner", "--account", accountId, "--amr", "pwd,otp"));
        });

        var devices = new Device[users];
        await EachAsync(users, workers, async i =>
        {
            var (accountId, token) = owners[i % accounts];
            await api.CreateUserAsync(token, accountId, $"u{i}");
            devices[i] = await api.AddDeviceAsync(token, accountId, $"user:u{i}", $"phone{i}");
            devices[i].WrongCode();
        });

        string[] of = [.. owners.SelectMany(owner => (string[])["--account", owner.AccountId])];
        return new Fleet(api, api.Token(["--role", "service", .. of]), devices);
    }

    /// <summary>Has the next device's next code accepted; false when all codes of the moment are spent.</summary>
    public async Task<bool> AcceptedAsync()
    {
        if (!queue.TryDequeue(out var device)) return false;
        var code = device.NextCode();
        queue.Enqueue(device);
        if (code is null) return false;
        await api.VerifyAsync(service, device, code, HttpStatusCode.OK);
        return true;
    }

    /// <summary>Has a wrong code of one device refused.</summary>
    public async Task<bool> RefusedAsync(int index)
    {
        var device = Devices[index % Devices.Count];
        await api.VerifyAsync(service, device, device.WrongCode(), HttpStatusCode.Forbidden);
        return true;
    }

    /// <summary>
    /// Has a wrong code of one and the same device refused, over and over: a throttle answers some of it.
    /// </summary>
    public async Task<bool> HotAsync()
    {
        await api.VerifyAsync(service, Devices[0], Devices[0].WrongCode(), HttpStatusCode.Forbidden, HttpStatusCode.TooManyRequests);
        return true;
    }

    private static Task EachAsync(int count, int workers, Func<int, Task> work) =>
        Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = workers }, async (i, _) => await work(i));
}
