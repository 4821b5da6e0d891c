using System.Net;
using System.Text.Json;
using JasperFx.Events;
using MfaEvents.Core.Support;
using MfaEvents.Server.Notifications.Mail;
using MfaEvents.Server.Support;
using MimeKit;

namespace MfaEvents.Server.Tests.Support;

/// <summary>A mail server that is down must not take the veto from the owner.</summary>
public sealed class UntoldOwnerTests(TestRun run) : IAsyncLifetime
{
    private readonly DeadServer mail = new();
    private MfaHost untold = null!;

    public async ValueTask InitializeAsync() => untold = await run.StartHostAsync(
        $"mfa_untold_{Guid.NewGuid():n}",
        new Dictionary<string, string> { ["MfaEvents:Support:CoolingOff"] = "00:00:03" },
        services => services.AddSingleton<IMailCarrier>(mail));

    public ValueTask DisposeAsync() => untold.DisposeAsync();

    [Fact]
    public async Task Nothing_is_removed_while_the_mail_server_is_down_and_the_cooling_off_begins_when_the_owner_was_told()
    {
        var account = await untold.RegisteredAccount();
        await account.AssignedDevice().Activated();

        // Messages come due by the system's own clock, and a device's steps were passed by now.
        account.Time.Pass(DateTimeOffset.UtcNow - account.Time.Now);
        var found = await account.OpenedCase().Requested();
        (await found.Approve()).ShouldBe(HttpStatusCode.OK);
        await Scenarios.Eventually(async () => (await Told(found)).Any(e => e.Data is RemovalPutOff), "the removal is put off");

        (await found.Read())["executesAt"].ValueKind.ShouldBe(JsonValueKind.Null);
        var item = (await account.A("auditor").Get("/cases?state=coolingOff"))["items"].EnumerateArray().ShouldHaveSingleItem();
        (item.GetProperty("waitsFor").GetString(), item.GetProperty("waits").GetString()).ShouldBe(("operator", "owner"));
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
        (await found.State()).ShouldBe("coolingOff");
        (await account.Root.Get(account.RootPath + "/mfa-devices"))["devices"].GetArrayLength().ShouldBe(1);
        (await Told(found)).Count(e => e.Data is RemovalPutOff).ShouldBe(1);

        mail.IsUp = true;
        await Scenarios.Eventually(async () => await found.State() == "executed", "the removal is executed");
        var events = await Told(found);
        var delivered = events.First(e => e.Data is RemovalNoticeDelivered);
        events[^1].Data.ShouldBeOfType<RemovalExecuted>();
        (events[^1].Timestamp - delivered.Timestamp).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(3));
        var putOff = events.Select(e => e.Data).OfType<RemovalPutOff>().ToArray();
        putOff[0].ExecutesAt.ShouldBeNull();
        putOff[1].ExecutesAt!.Value.ShouldBe(delivered.Timestamp + TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        (await found.Read())["story"].EnumerateArray().Count(one => one.GetProperty("eventType").GetString() == "removal_put_off").ShouldBe(putOff.Length);
    }

    [Fact]
    public async Task A_removal_that_nobody_could_be_told_of_ends_with_its_case_and_takes_nothing()
    {
        var account = await untold.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var found = await account.OpenedCase().Requested();
        (await found.Approve()).ShouldBe(HttpStatusCode.OK);

        await found.ComesDue(TimeSpan.FromDays(7));

        (await Told(found))[^1].Data.ShouldBe(new CaseExpired(Untold: true));
        (await found.State()).ShouldBe("expired");
        (await account.Root.Get(account.RootPath + "/mfa-devices"))["devices"].GetArrayLength().ShouldBe(1);
        await account.OpenedCase();
    }

    [Fact]
    public async Task An_owner_who_is_told_late_has_the_whole_cooling_off_from_then_and_learns_the_new_time()
    {
        var account = await run.Host.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var found = await account.OpenedCase().Requested();
        (await found.Approve()).ShouldBe(HttpStatusCode.OK);
        await found.IsTold();
        account.Time.Pass(TimeSpan.FromHours(5));

        // A version of the contact information that was not told yet, five hours later.
        run.Host.Clock.Set(account.Time.Next());
        await run.Host.HandleAsync(account.Id, new RecordVetoNotice(found.Stream, 2));

        (await found.Read())["executesAt"].GetDateTimeOffset().ShouldBe(account.Time.Now.AddHours(24), TimeSpan.FromSeconds(1));
        var letter = await Mailbox.Of(account).Get("The removal of your MFA was put off");
        letter.Link.ShouldStartWith("/links/veto?token=");
        await found.ComesDue(TimeSpan.FromHours(19));
        (await found.State()).ShouldBe("coolingOff");
        await found.ComesDue(TimeSpan.FromHours(5));
        (await found.State()).ShouldBe("executed");
    }

    [Fact]
    public async Task The_link_of_the_notice_that_says_so_vetoes_too()
    {
        var account = await run.Host.RegisteredAccount();
        var found = await account.OpenedCase().Approved();
        account.Time.Pass(TimeSpan.FromHours(5));
        run.Host.Clock.Set(account.Time.Next());
        await run.Host.HandleAsync(account.Id, new RecordVetoNotice(found.Stream, 2));
        var token = (await Mailbox.Of(account).Get("The removal of your MFA was put off")).Token;
        (await account.Stranger().Post(found.Path + "/veto", new { token })).ShouldBe(HttpStatusCode.NoContent);
        (await found.State()).ShouldBe("vetoed");
    }

    private static Task<IReadOnlyList<IEvent>> Told(DeskCase found) => found.Account.Host.EventsAsync(found.Account.Id, found.Stream);

    private sealed class DeadServer : IMailCarrier
    {
        public bool IsUp { get; set; }

        public Task CarryAsync(MimeMessage mail, CancellationToken cancellation) =>
            IsUp ? Task.CompletedTask : throw new MailDelayedException("It is down.");
    }
}
