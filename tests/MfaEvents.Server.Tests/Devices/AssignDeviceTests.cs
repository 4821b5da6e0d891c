using System.Net;
using OtpNet;

namespace MfaEvents.Server.Tests.Devices;

public sealed class AssignDeviceTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    public static TheoryData<string, object?> WrongMembers => new()
    {
        { "deviceName", null }, { "deviceName", "" }, { "deviceName", "a b" }, { "deviceName", "a/b" }, { "deviceName", "a\n" },
        { "deviceName", "a\0" }, { "deviceName", "t\u00e9l\u00e9phone" }, { "deviceName", new string('a', 129) }, { "deviceName", 1 },
        { "deviceType", null }, { "deviceType", "" }, { "deviceType", "Virtual" }, { "deviceType", "sms" }, { "deviceType", 0 },
    };

    [Fact]
    public async Task An_assigned_device_shows_its_secret_this_once()
    {
        var account = await api.RegisteredAccount();

        var reply = await account.Root.Post($"{account.RootPath}/mfa-devices", new { deviceName = "my_phone+1", deviceType = "virtual" });

        reply.ShouldBe(HttpStatusCode.Created).ShouldHave("deviceId", "serialNumber", "secretKey", "keyUri", "qrCodePng", "qrCodeSvg");
        reply.Headers.CacheControl!.NoStore.ShouldBeTrue();
        reply["deviceId"].GetGuid().Version.ShouldBe(7);
        reply.TextOf("serialNumber").ShouldBe($"arn:aws:iam::{account.Id}:mfa/my_phone+1");
        reply.TextOf("secretKey").ShouldMatch("^[A-Z2-7]{64}$");
        reply.TextOf("keyUri").ShouldBe(
            $"otpauth://totp/MfaEvents:my_phone%2B1@{account.Id}?secret={reply.TextOf("secretKey")}&issuer=MfaEvents");
        Convert.FromBase64String(reply.TextOf("qrCodePng"))[..8].ShouldBe([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        reply.TextOf("qrCodeSvg").ShouldStartWith("<svg");

        reply.Location.ShouldBe($"{account.RootPath}/mfa-devices/{reply["deviceId"].GetGuid()}");
        var read = (await account.Root.Get(reply.Location!)).ShouldBe(HttpStatusCode.OK);
        read.TextOf("status").ShouldBe("pending");
        read.Text.ShouldNotContain(reply.TextOf("secretKey"));
    }

    [Fact]
    public async Task Two_devices_have_different_secrets_of_320_bits()
    {
        var account = await api.RegisteredAccount();
        var (first, second) = (await account.AssignedDevice(), await account.AssignedDevice());
        first.SecretKey.ShouldNotBe(second.SecretKey);
        Base32Encoding.ToBytes(first.SecretKey).Length.ShouldBe(40);
    }

    [Theory, MemberData(nameof(WrongMembers))]
    public async Task A_wrong_member_is_named_and_nothing_is_assigned(string member, object? value)
    {
        var account = await api.RegisteredAccount();
        var body = new Dictionary<string, object?> { ["deviceName"] = "phone", ["deviceType"] = "virtual", [member] = value };
        (await account.Root.Post($"{account.RootPath}/mfa-devices", body)).ShouldFindFault(member);
        body.Remove(member);
        (await account.Root.Post($"{account.RootPath}/mfa-devices", body)).ShouldFindFault(member);
        (await account.VersionOf("root")).ShouldBe(1);
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Post($"{account.RootPath}/mfa-devices", new { deviceName = "a b", deviceType = 1 })).ShouldFindFault("deviceName", "deviceType");
    }

    [Theory]
    [InlineData("phone"), InlineData("PHONE")]
    public async Task A_name_is_unique_in_its_account_in_whatever_case(string again)
    {
        var account = await api.RegisteredAccount();
        var user = await account.CreatedUser("alice");
        await account.AssignedDevice("phone");

        (await account.Root.Post($"{account.RootPath}/mfa-devices", new { deviceName = again, deviceType = "virtual" })).ShouldRefuse(409, "device-name-taken");
        (await user.Post($"{account.PrincipalPath("user:alice")}/mfa-devices", new { deviceName = again, deviceType = "virtual" }))
            .ShouldRefuse(409, "device-name-taken");
        (await account.VersionOf("root")).ShouldBe(2);
        (await account.VersionOf("user:alice")).ShouldBe(1);
    }

    [Fact]
    public async Task Another_account_may_use_the_same_name()
    {
        await (await api.RegisteredAccount()).AssignedDevice("phone");
        await (await api.RegisteredAccount()).AssignedDevice("phone");
    }

    [Fact]
    public async Task A_principal_has_at_most_eight_devices_in_whatever_state()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        await account.AssignedDevice();
        for (var number = 3; number <= 8; number++) await account.AssignedDevice();

        (await account.Root.Post($"{account.RootPath}/mfa-devices", new { deviceName = "ninth", deviceType = "virtual" }))
            .ShouldRefuse(409, "device-limit-reached");

        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);
        await account.AssignedDevice("ninth");
    }

    [Fact]
    public async Task The_limit_is_each_principals_own()
    {
        var account = await api.RegisteredAccount();
        var user = await account.CreatedUser("alice");
        for (var number = 1; number <= 8; number++) await account.AssignedDevice();
        await account.AssignedDevice(user, "user:alice");
    }

    [Fact]
    public async Task The_root_user_assigns_devices_for_its_users()
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");
        await account.AssignedDevice(account.Root, "user:alice").Activated();
    }

    [Fact]
    public async Task Of_twelve_parallel_assignments_of_one_name_one_succeeds()
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");
        var replies = await Scenarios.AtOnce(12, number => account.Root.Post(
            $"{account.PrincipalPath(number % 2 == 0 ? "root" : "user:alice")}/mfa-devices",
            new { deviceName = number % 3 == 0 ? "PHONE" : "phone", deviceType = "virtual" }));

        replies.Count(reply => reply.Status == 201).ShouldBe(1);
        foreach (var reply in replies.Where(reply => reply.Status != 201)) reply.ShouldRefuse(409, "device-name-taken");
        (await account.VersionOf("root") + await account.VersionOf("user:alice")).ShouldBe(3);
        (await api.RowsAsync("select id from sealed.mt_doc_sealedseed where tenant_id = $1", account.Id)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Twelve_parallel_assignments_never_make_a_ninth_device()
    {
        var account = await api.RegisteredAccount();
        var replies = await Scenarios.AtOnce(12, number =>
            account.Root.Post($"{account.RootPath}/mfa-devices", new { deviceName = $"phone{number}", deviceType = "virtual" }));

        replies.Count(reply => reply.Status == 201).ShouldBe(8);
        foreach (var reply in replies.Where(reply => reply.Status != 201)) reply.ShouldRefuse(409, "device-limit-reached");
        (await account.Root.Get($"{account.RootPath}/mfa-devices"))["devices"].GetArrayLength().ShouldBe(8);
    }
}
