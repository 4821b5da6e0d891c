using System.Net;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Devices;

namespace MfaEvents.Server.Tests.Devices;

/// <summary>A device that is never activated goes by itself.</summary>
public sealed class ExpiryTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_pending_device_expires_and_its_name_slot_and_seed_are_free()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone");
        for (var number = 2; number <= 8; number++) await account.AssignedDevice();

        await Expire(account, "root", device.Id);

        (await account.Root.Get(device.Path)).ShouldRefuse(404, "not-found");
        (await device.SubmitCodes(device.Codes())).ShouldRefuse(404, "not-found");
        var removed = (await api.EventsAsync(account.Id, "root"))[^1];
        removed.Data.ShouldBe(new DeviceRemoved(device.Id, RemovalReason.Expired));
        removed.UserName.ShouldBe("mfaevents");
        (await api.RowsAsync("select id from sealed.mt_doc_sealedseed where tenant_id = $1 and id = $2", account.Id, device.Id)).ShouldBeEmpty();
        await account.AssignedDevice("phone");
    }

    [Fact]
    public async Task An_activated_device_does_not_expire()
    {
        var account = await api.RegisteredAccount();
        var active = await account.AssignedDevice().Activated();
        var late = await account.AssignedDevice().OutOfSync();
        var version = await account.VersionOf("root");

        foreach (var device in (HeldDevice[])[active, late]) await Expire(account, "root", device.Id);

        (await account.VersionOf("root")).ShouldBe(version);
        (await active.Verify(active.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_has_gone_expires_without_a_trace()
    {
        var account = await api.RegisteredAccount();
        var user = await account.CreatedUser("alice");
        var device = await account.AssignedDevice(user, "user:alice");
        await Expire(account, "user:alice", device.Id);
        await Expire(account, "user:alice", device.Id);
        (await account.VersionOf("user:alice")).ShouldBe(3);

        (await account.Root.Delete($"{account.Path}/users/alice")).ShouldBe(HttpStatusCode.NoContent);
        await Expire(account, "user:alice", device.Id);
        await Expire(account, "user:nobody", device.Id);
        (await account.VersionOf("user:alice")).ShouldBe(4);
    }

    [Fact]
    public async Task Every_assignment_leaves_a_message_that_comes_due_in_a_day()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();

        // A row in the database: it outlives the process.
        (await api.RowsAsync(
            """
            select id from wolverine.wolverine_incoming_envelopes
            where message_type like '%ExpirePendingDevice' and status = 'Scheduled' and encode(body, 'escape') like $1
                and execution_time between now() + interval '23 hours 50 minutes' and now() + interval '24 hours'
            """,
            $"%{device.Id}%")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_expiry_that_meets_the_activation_is_one_or_the_other()
    {
        var account = await api.RegisteredAccount();
        for (var round = 0; round < 6; round++)
        {
            var device = await account.AssignedDevice();
            var codes = device.Codes();
            var expiry = Expire(account, "root", device.Id);
            var activated = await device.SubmitCodes(codes);
            await expiry;
            activated.Status.ShouldBeOneOf(200, 404);
            (await account.Root.Get(device.Path)).Status.ShouldBe(activated.Status);
            account.Time.PassSteps(2);
        }
    }

    [Fact]
    public async Task The_message_comes_due_by_itself()
    {
        await using var host = await run.StartHostAsync("mfa_expiry", new Dictionary<string, string> { ["MfaEvents:Devices:PendingLifetime"] = "00:00:02" });
        var account = await host.RegisteredAccount();
        var active = await account.AssignedDevice().Activated();
        var pending = await account.AssignedDevice("pending");

        await Scenarios.Eventually(async () => (await account.Root.Get(pending.Path)).Status == 404, "the pending device is gone");

        (await host.RowsAsync("select id from sealed.mt_doc_sealedseed where tenant_id = $1", account.Id)).ShouldBe([active.Id.ToString()]);
        (await active.Verify(active.Code())).ShouldBe(HttpStatusCode.OK);
        await account.AssignedDevice("pending");
    }

    private Task Expire(OpenAccount account, string principal, Guid deviceId) => api.HandleAsync(account.Id, new ExpirePendingDevice(principal, deviceId));
}
