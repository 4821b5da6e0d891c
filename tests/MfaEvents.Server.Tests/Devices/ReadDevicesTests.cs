using System.Globalization;
using System.Net;
using System.Text.Json;

namespace MfaEvents.Server.Tests.Devices;

public sealed class ReadDevicesTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_device_is_listed_with_its_story_and_never_with_its_secret()
    {
        var account = await api.RegisteredAccount();
        var device = await (await account.AssignedDevice("phone").Activated()).Verified();

        var list = (await account.Root.Get($"{account.RootPath}/mfa-devices")).ShouldBe(HttpStatusCode.OK).ShouldHave("devices");
        list.Text.ShouldNotContain(device.SecretKey);
        var listed = list["devices"].EnumerateArray().ShouldHaveSingleItem();
        var one = (await account.Root.Get(device.Path)).ShouldBe(HttpStatusCode.OK)
            .ShouldHave("deviceId", "deviceName", "deviceType", "serialNumber", "status", "assignedAt", "activatedAt", "lastUsedAt", "driftSteps",
                "consecutiveFailures", "driftRatePpm", "leavesWindowAt");

        one.Text.ShouldBe(listed.GetRawText());
        one["deviceId"].GetGuid().ShouldBe(device.Id);
        one.TextOf("deviceName").ShouldBe("phone");
        one.TextOf("deviceType").ShouldBe("virtual");
        one.TextOf("serialNumber").ShouldBe($"arn:aws:iam::{account.Id}:mfa/phone");
        one.TextOf("status").ShouldBe("active");
        one["driftSteps"].GetInt32().ShouldBe(0);
        one["assignedAt"].GetDateTimeOffset().ShouldBeLessThan(one["activatedAt"].GetDateTimeOffset());
        one["activatedAt"].GetDateTimeOffset().ShouldBeLessThan(one["lastUsedAt"].GetDateTimeOffset());
    }

    [Fact]
    public async Task A_pending_device_was_never_activated_or_used()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        var one = await account.Root.Get(device.Path);
        one.TextOf("status").ShouldBe("pending");
        one["activatedAt"].ValueKind.ShouldBe(JsonValueKind.Null);
        one["lastUsedAt"].ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task A_late_device_is_out_of_sync()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().OutOfSync();
        (await account.Root.Get(device.Path)).TextOf("status").ShouldBe("outOfSync");
    }

    [Fact]
    public async Task The_list_of_an_earlier_instant_is_the_list_as_it_was()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone");
        var assigned = account.Time.Now;
        account.Time.Pass(TimeSpan.FromMinutes(1));
        await device.Activated();

        (await StatusesAt(account, assigned.AddMinutes(-5))).ShouldBeEmpty();
        (await StatusesAt(account, assigned)).ShouldBe(["pending"]);
        (await StatusesAt(account, account.Time.Now)).ShouldBe(["active"]);
        (await StatusesAt(account, assigned.AddYears(1))).ShouldBe(["active"]);
    }

    [Theory]
    [InlineData("yesterday"), InlineData("2026-11-24"), InlineData("2026-11-24T13:00:00"), InlineData("2026-13-24T13:00:00Z"), InlineData(""),
     InlineData("1764000000"), InlineData("2026-11-24T13:00:00Z&at=2026-11-24T13:00:00Z")]
    public async Task What_is_no_instant_is_refused(string at)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Get($"{account.RootPath}/mfa-devices?at={at}")).ShouldFindFault("at");
    }

    [Theory]
    [InlineData("2026-11-24T13:00:00Z"), InlineData("2026-11-24T13:00:00.123456789Z"), InlineData("2026-11-24T13:00:00%2B02:00"),
     InlineData("2026-11-24t13:00:00z"), InlineData("2016-12-31T23:59:59.5-08:00")]
    public async Task Every_form_of_RFC_3339_is_an_instant(string at)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Get($"{account.RootPath}/mfa-devices?at={at}")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Get($"{account.RootPath}/mfa-devices/{Guid.CreateVersion7()}")).ShouldRefuse(404, "not-found");
        (await account.Root.Get($"{account.RootPath}/mfa-devices/phone")).ShouldRefuse(404, "not-found");
        (await account.Root.Get($"{account.PrincipalPath("user:nobody")}/mfa-devices")).ShouldRefuse(404, "not-found");
        (await account.Root.Get($"{account.PrincipalPath("admin")}/mfa-devices")).ShouldRefuse(404, "not-found");
    }

    private static async Task<IEnumerable<string?>> StatusesAt(OpenAccount account, DateTimeOffset at) =>
        (await account.Root.Get($"{account.RootPath}/mfa-devices?at={Uri.EscapeDataString(at.ToString("O", CultureInfo.InvariantCulture))}"))
        .ShouldBe(HttpStatusCode.OK)["devices"].EnumerateArray().Select(device => device.GetProperty("status").GetString());
}
