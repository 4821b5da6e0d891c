using System.Globalization;
using System.Net;
using MfaEvents.Server.Notifications.Mail;
using MfaEvents.Server.Tests.Notifications;

namespace MfaEvents.Server.Tests.Support;

/// <summary>A mail server that is down does not take the veto from the owner.</summary>
public sealed class ToldBeforeRemovalTests(TestRun run)
{
    [Fact]
    public async Task Nothing_is_removed_before_the_owner_had_the_whole_cooling_off_after_being_told()
    {
        await using var server = new SmtpServer();
        await using var host = await run.StartHostAsync("mfa_untold", new Dictionary<string, string>
        {
            ["MfaEvents:Mail:Host"] = "localhost",
            ["MfaEvents:Mail:Port"] = server.Port.ToString(CultureInfo.InvariantCulture),
            ["MfaEvents:Mail:Security"] = nameof(MailSecurity.None),
        });
        var account = await host.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var found = await account.OpenedCase().Requested();
        (await found.Approve()).ShouldBe(HttpStatusCode.OK);

        await found.ComesDue();
        (await found.State()).ShouldBe("coolingOff");
        (await Story(found))[^1].ShouldBe("removal_put_off");
        (await found.Read())["executesAt"].ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);

        await server.StartAsync("plain");
        await found.IsTold();
        (await Story(found))[^1].ShouldBe("removal_put_off");
        var later = (await found.Read())["executesAt"].GetDateTimeOffset();
        later.ShouldBe(DateTimeOffset.UtcNow.AddHours(24), TimeSpan.FromMinutes(1));
        await found.ComesDue(TimeSpan.Zero);
        (await found.State()).ShouldBe(later > account.Time.Now ? "coolingOff" : "executed");
        await found.ComesDue();
        (await found.State()).ShouldBe("executed");
    }

    private static async Task<string[]> Story(DeskCase found) =>
        [.. (await found.Read())["story"].EnumerateArray().Select(item => item.GetProperty("eventType").GetString()!)];
}
