using System.Globalization;
using System.Net;
using System.Text.Json;

namespace MfaEvents.Server.Tests.Audit;

public sealed class HistoryTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_history_tells_every_event_and_the_devices_it_left()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();
        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);

        var history = (await account.Root.Get(account.RootPath + "/history")).ShouldBe(HttpStatusCode.OK).ShouldHave("items");
        var items = history["items"].EnumerateArray().ToList();

        items.ShouldAllBe(item => item.EnumerateObject().Count() == 6);
        items[1].EnumerateObject().Select(member => member.Name).ShouldBe(["version", "eventType", "occurredAt", "actor", "data", "devicesAfter"], ignoreOrder: true);
        items.Select(item => item.GetProperty("version").GetInt64()).ShouldBe([1, 2, 3, 4, 5, 6]);
        items.Select(item => item.GetProperty("eventType").GetString()).ShouldBe(
            ["principal_created", "device_assigned", "device_activated", "sessions_ended", "device_removed", "sessions_ended"]);
        items.Select(item => item.GetProperty("devicesAfter").GetArrayLength()).ShouldBe([0, 1, 1, 1, 0, 0]);
        items[2].GetProperty("devicesAfter")[0].GetProperty("status").GetString().ShouldBe("active");
        items[1].GetProperty("actor").GetString().ShouldBe($"arn:aws:iam::{account.Id}:root");
    }

    [Fact]
    public async Task The_last_devicesAfter_is_the_device_list()
    {
        var account = await ALongStory();
        var items = await HistoryOf(account, "");
        items[^1].GetProperty("devicesAfter").GetRawText().ShouldBe((await account.Root.Get(account.RootPath + "/mfa-devices"))["devices"].GetRawText());
    }

    [Fact]
    public async Task The_device_list_at_the_instant_of_an_event_is_what_it_left()
    {
        var account = await ALongStory();
        foreach (var instant in (await HistoryOf(account, "")).GroupBy(item => item.GetProperty("occurredAt").GetString()!))
        {
            // Of events of one instant, which one decision made, the last one counts.
            var left = instant.Last().GetProperty("devicesAfter").GetRawText();
            (await account.Root.Get($"{account.RootPath}/mfa-devices?at={instant.Key}")).ShouldBe(HttpStatusCode.OK)["devices"].GetRawText().ShouldBe(left, instant.Key);

            var justBefore = Uri.EscapeDataString((DateTimeOffset.Parse(instant.Key, CultureInfo.InvariantCulture) - TimeSpan.FromMicroseconds(1)).ToString("O", CultureInfo.InvariantCulture));
            var before = (await HistoryOf(account, "")).LastOrDefault(item => item.GetProperty("version").GetInt64() < instant.First().GetProperty("version").GetInt64());
            (await account.Root.Get($"{account.RootPath}/mfa-devices?at={justBefore}"))["devices"].GetRawText()
                .ShouldBe(before.ValueKind == JsonValueKind.Undefined ? "[]" : before.GetProperty("devicesAfter").GetRawText(), instant.Key);
        }
    }

    [Fact]
    public async Task A_range_of_versions_is_inclusive_and_its_devices_are_those_of_the_whole_story()
    {
        var account = await ALongStory();
        var all = await HistoryOf(account, "");
        (await HistoryOf(account, "?fromVersion=3&toVersion=6")).Select(item => item.GetRawText()).ShouldBe(all.Skip(2).Take(4).Select(item => item.GetRawText()));
        (await HistoryOf(account, "?fromVersion=4")).Count.ShouldBe(all.Count - 3);
        (await HistoryOf(account, "?toVersion=2")).Count.ShouldBe(2);
        (await HistoryOf(account, "?fromVersion=5&toVersion=5")).ShouldHaveSingleItem();
        (await HistoryOf(account, "?fromVersion=1000")).ShouldBeEmpty();
        (await HistoryOf(account, "?toVersion=1000")).Count.ShouldBe(all.Count);
    }

    [Theory]
    [InlineData("?fromVersion=0", "fromVersion"), InlineData("?toVersion=-1", "toVersion"), InlineData("?fromVersion=x&toVersion=y", "fromVersion toVersion"),
     InlineData("?fromVersion=3&toVersion=2", "toVersion"), InlineData("?fromVersion=99999999999999999999", "fromVersion"), InlineData("?fromVersion=", "fromVersion")]
    public async Task A_wrong_range_is_refused(string query, string members)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Get(account.RootPath + "/history" + query)).ShouldFindFault(members.Split(' '));
    }

    [Fact]
    public async Task An_IAM_user_is_not_told_why_a_code_was_refused()
    {
        var account = await api.RegisteredAccount();
        var alice = await account.CreatedUser("alice");
        var device = await account.AssignedDevice(alice, "user:alice").Activated();
        (await device.Verify(device.Code(-2))).ShouldRefuse(403, "invalid-authentication-code");
        var path = account.PrincipalPath("user:alice") + "/history";

        // A second role that reads no history gives no right to more of it.
        foreach (var person in (Person[])[alice, alice with { Roles = ["owner", "service"] }])
        {
            var own = (await person.Get(path)).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray().Last();
            own.GetProperty("eventType").GetString().ShouldBe("code_rejected");
            own.GetProperty("data").EnumerateObject().Select(member => member.Name).ShouldBe(["deviceId", "purpose"], ignoreOrder: true);
        }

        foreach (var person in (Person[])[account.Root, account.A("auditor"), account.A("support-agent"), account.A("support-approver")])
        {
            var data = (await person.Get(path)).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray().Last().GetProperty("data");
            data.GetProperty("reason").GetString().ShouldBe("replayed");
            data.GetProperty("step").ValueKind.ShouldBe(JsonValueKind.Number);
        }
    }

    private async Task<OpenAccount> ALongStory()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice();
        var first = await (await account.AssignedDevice().Activated()).Verified();
        var second = await account.AssignedDevice().OutOfSync();
        (await account.Root.Patch(first.Path, new { deviceName = Scenarios.NewName("renamed") })).ShouldBe(HttpStatusCode.OK);
        (await first.Verify(first.WrongCode())).ShouldRefuse(403, "invalid-authentication-code");
        (await second.Resync(second.Codes())).ShouldBe(HttpStatusCode.OK);
        account.Time.Pass(TimeSpan.FromHours(2));
        await second.Verified();
        (await account.Root.Put(account.RootPath + "/password", new { newPassword = Scenarios.Password })).ShouldBe(HttpStatusCode.NoContent);
        (await account.Root.Delete(first.Path)).ShouldBe(HttpStatusCode.NoContent);
        return account;
    }

    private static async Task<List<JsonElement>> HistoryOf(OpenAccount account, string query) =>
        [.. (await account.Root.Get(account.RootPath + "/history" + query)).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray()];
}
