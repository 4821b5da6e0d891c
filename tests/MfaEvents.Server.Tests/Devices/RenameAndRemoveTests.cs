using System.Net;

namespace MfaEvents.Server.Tests.Devices;

public sealed class RenameAndRemoveTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_renamed_device_has_the_new_name_everywhere_and_the_old_one_is_free()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("old");

        var renamed = (await account.Root.Patch(device.Path, new { deviceName = "new" })).ShouldBe(HttpStatusCode.OK);

        renamed.TextOf("deviceName").ShouldBe("new");
        renamed.TextOf("serialNumber").ShouldBe($"arn:aws:iam::{account.Id}:mfa/new");
        (await account.Root.Get(device.Path)).Text.ShouldBe(renamed.Text);
        (await account.Root.Post($"{account.RootPath}/mfa-devices", new { deviceName = "NEW", deviceType = "virtual" })).ShouldRefuse(409, "device-name-taken");
        await account.AssignedDevice("old");
    }

    [Fact]
    public async Task A_device_may_change_the_case_of_its_name_and_may_keep_it()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone");
        (await account.Root.Patch(device.Path, new { deviceName = "Phone" })).ShouldBe(HttpStatusCode.OK).TextOf("deviceName").ShouldBe("Phone");
        (await account.VersionOf("root")).ShouldBe(3);
        (await account.Root.Patch(device.Path, new { deviceName = "Phone" })).ShouldBe(HttpStatusCode.OK);
        (await account.VersionOf("root")).ShouldBe(3);
        (await account.Root.Post($"{account.RootPath}/mfa-devices", new { deviceName = "phone", deviceType = "virtual" })).ShouldRefuse(409, "device-name-taken");
    }

    [Fact]
    public async Task A_name_of_another_device_is_taken()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice("first");
        var second = await account.AssignedDevice("second");
        (await account.Root.Patch(second.Path, new { deviceName = "FIRST" })).ShouldRefuse(409, "device-name-taken");
        (await account.Root.Get(second.Path)).TextOf("deviceName").ShouldBe("second");
    }

    [Theory]
    [InlineData(null), InlineData(""), InlineData("a b"), InlineData("a\n")]
    public async Task A_wrong_name_renames_nothing(string? deviceName)
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        (await account.Root.Patch(device.Path, new { deviceName })).ShouldFindFault("deviceName");
        (await account.VersionOf("root")).ShouldBe(2);
    }

    [Fact]
    public async Task Of_parallel_renames_to_one_name_one_succeeds()
    {
        var account = await api.RegisteredAccount();
        var devices = new List<HeldDevice>();
        for (var number = 0; number < 8; number++) devices.Add(await account.AssignedDevice());
        var replies = await Scenarios.AtOnce(8, number => account.Root.Patch(devices[number].Path, new { deviceName = "wanted" }));
        replies.Count(reply => reply.Status == 200).ShouldBe(1);
        foreach (var reply in replies.Where(reply => reply.Status != 200)) reply.ShouldRefuse(409, "device-name-taken");
    }

    [Fact]
    public async Task Two_principals_racing_for_one_name_are_told_who_won()
    {
        var account = await api.RegisteredAccount();
        var user = await account.CreatedUser("alice");
        for (var round = 0; round < 6; round++)
        {
            var mine = await account.AssignedDevice();
            var hers = await account.AssignedDevice(user, "user:alice");
            var replies = await Scenarios.AtOnce(2, number =>
                number == 0 ? account.Root.Patch(mine.Path, new { deviceName = $"x{round}" }) : user.Patch(hers.Path, new { deviceName = $"X{round}" }));
            replies.Select(reply => reply.Status).Order().ShouldBe([200, 409]);
            replies.Single(reply => reply.Status == 409).ShouldRefuse(409, "device-name-taken");
            (await account.Root.Delete(mine.Path)).ShouldBe(HttpStatusCode.NoContent);
            (await account.Root.Delete(hers.Path)).ShouldBe(HttpStatusCode.NoContent);
        }
    }

    [Fact]
    public async Task A_removed_device_is_gone_with_its_seed_and_its_name_is_free()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();

        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent).Text.ShouldBeEmpty();

        (await account.Root.Get(device.Path)).ShouldRefuse(404, "not-found");
        (await account.Root.Delete(device.Path)).ShouldRefuse(404, "not-found");
        (await account.Root.Patch(device.Path, new { deviceName = "other" })).ShouldRefuse(404, "not-found");
        (await device.Verify(device.Code())).ShouldRefuse(404, "not-found");
        (await device.SubmitCodes(device.Codes())).ShouldRefuse(404, "not-found");
        (await device.Resync(device.Codes())).ShouldRefuse(404, "not-found");
        (await api.RowsAsync("select id from sealed.mt_doc_sealedseed where tenant_id = $1", account.Id)).ShouldBeEmpty();
        await account.AssignedDevice("phone");
    }

    [Fact]
    public async Task A_device_is_removed_once()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        var replies = await Scenarios.AtOnce(12, _ => account.Root.Delete(device.Path));
        replies.Count(reply => reply.Status == 204).ShouldBe(1);
        foreach (var reply in replies.Where(reply => reply.Status != 204)) reply.ShouldRefuse(404, "not-found");
        (await account.VersionOf("root")).ShouldBe(3);
    }

    [Fact]
    public async Task Names_that_change_hands_are_never_held_by_two()
    {
        var account = await api.RegisteredAccount();
        var user = await account.CreatedUser("alice");
        for (var round = 0; round < 6; round++)
        {
            var (a, b) = ($"a{round}", $"b{round}");
            var mine = await account.AssignedDevice(a);
            var hers = await account.AssignedDevice(user, "user:alice", b);

            // Each wants the other's name, while somebody else tries to get it too.
            var replies = await Scenarios.AtOnce(4, number => number switch
            {
                0 => account.Root.Patch(mine.Path, new { deviceName = b }),
                1 => user.Patch(hers.Path, new { deviceName = a }),
                2 => account.Root.Post($"{account.RootPath}/mfa-devices", new { deviceName = a, deviceType = "virtual" }),
                _ => account.Root.Delete(mine.Path),
            });

            replies.ShouldAllBe(reply => reply.Status < 500);
            var names = await api.RowsAsync("select id || ' ' || (data ->> 'deviceId') from mfa.mt_doc_devicename where tenant_id = $1 order by id", account.Id);
            var held = new List<string>();
            foreach (var principal in (string[])["root", "user:alice"])
                held.AddRange((await api.PrincipalAsync(account.Id, principal))!.Devices.Select(device => $"{device.Name} {device.DeviceId}"));
            names.ShouldBe(held.Order(StringComparer.Ordinal));
            foreach (var path in (string[])["root", "user:alice"])
                foreach (var device in (await account.Root.Get($"{account.PrincipalPath(path)}/mfa-devices"))["devices"].EnumerateArray())
                    (await account.Root.Delete($"{account.PrincipalPath(path)}/mfa-devices/{device.GetProperty("deviceId").GetGuid()}")).ShouldBe(HttpStatusCode.NoContent);
        }
    }
}
