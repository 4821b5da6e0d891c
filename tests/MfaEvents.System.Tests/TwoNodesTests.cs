using System.Diagnostics;

namespace MfaEvents.SystemTests;

/// <summary>Two processes with one database and one key ring are one service.</summary>
public sealed class TwoNodesTests(TwoNodesTests.Nodes nodes) : IClassFixture<TwoNodesTests.Nodes>
{
    [Fact]
    public async Task Of_forty_parallel_submissions_of_one_code_one_is_accepted_and_few_are_looked_at_in_vain()
    {
        var account = await nodes.First.RegisterAsync();
        var device = await account.ActivateAsync("phone");
        var code = await Authenticator.CodeAsync(device.SecretKey, 1);

        var replies = await OnBothAsync(40, node => account.On(node).VerifyAsync(device, code));

        replies.Count(reply => reply.Status == 200).ShouldBe(1);

        // Or a few more, when the machine is so slow that the first wait is over before the last of them has come.
        var lookedAt = replies.Count(reply => reply.Slug == "invalid-authentication-code");
        lookedAt.ShouldBeInRange(5, 8);
        replies.Count(reply => reply.Slug == "too-many-attempts").ShouldBe(39 - lookedAt);
        var history = await account.HistoryAsync();
        history.Count(item => item!["eventType"]!.ToString() == "code_accepted").ShouldBe(1);
        history.Count(item => item!["eventType"]!.ToString() == "code_rejected").ShouldBe(lookedAt);
    }

    [Fact]
    public async Task In_two_hundred_rounds_on_both_each_code_is_accepted_exactly_once()
    {
        // Every device gives two rounds, of this time step and of the next; every principal has one device, so that its failures
        // are over before its second round.
        const int accounts = 25, principals = 4, requests = 8;
        var devices = (await Task.WhenAll(Enumerable.Range(0, accounts).Select(_ => ActiveDevicesAsync(principals)))).SelectMany(d => d).ToArray();
        var watch = Stopwatch.StartNew();

        var rounds = 0;
        foreach (var step in (int[])[0, 1])
        {
            foreach (var (account, device) in devices)
            {
                await Authenticator.HasTimeAsync(TimeSpan.FromSeconds(1));
                var code = await Authenticator.CodeAsync(device.SecretKey, step);
                var replies = await OnBothAsync(requests, node => account.On(node).VerifyAsync(device, code));
                replies.Count(reply => reply.Status == 200).ShouldBe(1, $"round {rounds}: {string.Join(' ', replies.Select(reply => reply.Status))}");
                replies.Where(reply => reply.Status != 200)
                    .ShouldAllBe(reply => reply.Slug == "invalid-authentication-code" || reply.Slug == "too-many-attempts");
                rounds++;
            }

            // A wait that the failures began is over.
            await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);
        }

        rounds.ShouldBe(200);
        TestContext.Current.TestOutputHelper!.WriteLine($"{rounds} rounds of {requests} requests in {watch.Elapsed}");
        foreach (var (account, device) in devices)
        {
            var history = await account.HistoryAsync(device.Path.Split('/')[4]);
            history.Count(item => item!["eventType"]!.ToString() == "code_accepted").ShouldBe(2);
        }
    }

    [Fact]
    public async Task Parallel_requests_with_one_Idempotency_Key_do_their_work_once()
    {
        var account = await nodes.First.RegisterAsync();

        var replies = await OnBothAsync(20, node =>
            node.Api.PostAsync(account.Devices(), account.Token, Scenario.Assignment("phone"), "assign-the-phone"));

        foreach (var reply in replies) reply.ShouldBe(201);
        replies.Select(reply => reply.Body!.ToJsonString()).Distinct().ShouldHaveSingleItem();
        var listed = (await account.On(nodes.Second).Api.GetAsync(account.Devices(), account.Token)).ShouldBe(200);
        listed.Body!["devices"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Of_parallel_registrations_with_one_address_one_is_done()
    {
        var provisioner = await nodes.First.TokenAsync("--role", "provisioner");
        var registration = Scenario.Registration(Scenario.NewEmail());

        var replies = await OnBothAsync(10, node => node.Api.PostAsync("/accounts", provisioner, registration));

        replies.Count(reply => reply.Status == 201).ShouldBe(1);
        replies.Where(reply => reply.Status != 201).ShouldAllBe(reply => reply.Slug == "email-taken");
    }

    [Fact]
    public async Task Of_parallel_assignments_of_one_name_one_is_done()
    {
        var account = await nodes.First.RegisterAsync();
        await account.CreateUserAsync("alice");
        await account.CreateUserAsync("bob");

        // Two principals: no stream that both lock, the name alone decides.
        var replies = await OnBothAsync(10, node => node.Api.PostAsync(
            account.Devices(node == nodes.First ? "user:alice" : "user:bob"), account.Token, Scenario.Assignment("phone")));

        replies.Count(reply => reply.Status == 201).ShouldBe(1);
        replies.Where(reply => reply.Status != 201).ShouldAllBe(reply => reply.Slug == "device-name-taken");
    }

    [Fact]
    public async Task When_one_is_killed_the_other_goes_on_with_the_audit_trail()
    {
        await using Service service = new();
        await service.InitializeAsync();

        // The first one builds the trail: it was there alone.
        await using var killed = await service.StartNodeAsync();
        await using var other = await service.StartNodeAsync();
        var account = await killed.RegisterAsync();
        await account.AuditTrailIsCompleteAsync();

        await killed.KillAsync();
        account = account.On(other);
        await account.ActivateAsync("phone");
        var watch = Stopwatch.StartNew();
        await account.AuditTrailIsCompleteAsync();

        TestContext.Current.TestOutputHelper!.WriteLine($"audit trail complete {watch.Elapsed} after the activation");
        var trail = (await account.Api.GetAsync(account.Path + "/audit", account.Token)).Body!["items"]!.AsArray();
        trail.Select(item => item!["eventType"]!.ToString()).ShouldContain("device_activated");
    }

    private async Task<IEnumerable<(TestAccount Account, TestDevice Device)>> ActiveDevicesAsync(int principals)
    {
        var account = await nodes.First.RegisterAsync();
        var devices = new List<(TestAccount, TestDevice)>();
        for (var i = 0; i < principals; i++)
        {
            if (i > 0) await account.CreateUserAsync($"user{i}");
            devices.Add((account, await account.ActivateAsync($"phone{i}", i == 0 ? "root" : $"user:user{i}")));
        }

        return devices;
    }

    private Task<Reply[]> OnBothAsync(int count, Func<ServerProcess, Task<Reply>> send) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => send(i % 2 == 0 ? nodes.First : nodes.Second)));

    /// <summary>Two nodes that were started at the same moment, on a database that was empty.</summary>
    public sealed class Nodes : IAsyncLifetime
    {
        private readonly Service service = new();

        public ServerProcess First { get; private set; } = null!;

        public ServerProcess Second { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await service.InitializeAsync();
            var nodes = await Task.WhenAll(service.StartNodeAsync(), service.StartNodeAsync());
            (First, Second) = (nodes[0], nodes[1]);
        }

        public async ValueTask DisposeAsync()
        {
            await First.DisposeAsync();
            await Second.DisposeAsync();
            await service.DisposeAsync();
        }
    }
}
