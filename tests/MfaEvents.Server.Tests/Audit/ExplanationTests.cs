using System.Globalization;
using System.Net;

namespace MfaEvents.Server.Tests.Audit;

public sealed class ExplanationTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task It_tells_why_a_device_could_not_sign_in_and_names_the_events()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();
        for (var i = 0; i < 5; i++) (await device.Verify(device.WrongCode())).ShouldRefuse(403, "invalid-authentication-code");

        var told = (await account.Root.Get($"{account.RootPath}/explanation?deviceId={device.Id}")).ShouldBe(HttpStatusCode.OK).ShouldHave("sentences", "events");
        told["sentences"].EnumerateArray().Select(sentence => sentence.GetString()!).ShouldContain(sentence => sentence.StartsWith("A wait went on until", StringComparison.Ordinal));
        told["events"].EnumerateArray().Select(e => e.GetProperty("eventType").GetString()).ShouldContain("attempts_throttled");
        told["events"].EnumerateArray().ShouldAllBe(e => e.EnumerateObject().Count() == 4);
    }

    [Fact]
    public async Task An_instant_of_before_is_explained_as_it_was_then()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();
        var active = account.Time.Now;
        account.Time.Pass(TimeSpan.FromHours(1));
        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);

        (await Told(account, $"deviceId={device.Id}"))[0].ShouldContain("\"phone\" was removed on");
        (await Told(account, $"deviceId={device.Id}&at={Instant(active)}"))[0].ShouldContain("\"phone\" was active, since");
        (await Told(account, $"deviceId={device.Id}&at={Instant(active.AddDays(-1))}"))[0].ShouldBe("The principal did not exist yet.");
        (await Told(account, $"at={Instant(active.AddYears(10))}"))[0].ShouldBe("That instant has not come yet: this is how it stands now.");
    }

    [Fact]
    public async Task It_is_for_whoever_may_read_the_history()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();
        var (alice, other) = (await account.CreatedUser("alice"), await api.RegisteredAccount());
        var path = $"{account.RootPath}/explanation";
        foreach (var role in (string[])["auditor", "support-agent", "support-approver"]) (await account.A(role).Get(path)).ShouldBe(HttpStatusCode.OK);
        (await alice.Get($"{account.PrincipalPath("user:alice")}/explanation")).ShouldBe(HttpStatusCode.OK);
        (await alice.Get(path)).ShouldRefuse(404, "not-found");
        (await other.Root.Get(path)).ShouldRefuse(404, "not-found");
        (await account.A("service").Get(path)).ShouldRefuse(403, "forbidden");
        (await account.A("operator").Get(path)).ShouldRefuse(403, "forbidden");
        (await account.Root.Get($"{account.PrincipalPath("user:nobody")}/explanation")).ShouldRefuse(404, "not-found");
        (await account.Root.Get($"{account.PrincipalPath("user:alice")}/explanation?deviceId={device.Id}")).ShouldRefuse(404, "not-found");
        (await account.Root.Get($"{path}?deviceId=x&at=yesterday")).ShouldFindFault("deviceId", "at");
    }

    private static async Task<string[]> Told(OpenAccount account, string query) =>
        [.. (await account.Root.Get($"{account.RootPath}/explanation?{query}")).ShouldBe(HttpStatusCode.OK)["sentences"].EnumerateArray().Select(sentence => sentence.GetString()!)];

    private static string Instant(DateTimeOffset at) => Uri.EscapeDataString(at.ToString("O", CultureInfo.InvariantCulture));
}
