using System.Net;
using MfaEvents.Core.Devices;

namespace MfaEvents.Server.Tests.SignIn;

/// <summary>One throttle on every path that takes a code, over HTTP.</summary>
public sealed class CodeThrottleTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Failures_of_one_path_make_every_other_path_wait()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        var pending = await account.AssignedDevice();
        var half = await account.HalfSignedIn();
        await half.Code(phone, phone.WrongCode());
        await phone.Verify(phone.WrongCode());
        await phone.Resync(new { code1 = phone.WrongCode(), code2 = phone.WrongCode() });
        await half.By.Post(half.Path + "/resync", new { deviceId = phone.Id, code1 = phone.WrongCode(), code2 = phone.WrongCode() });
        (await half.Code(phone, phone.WrongCode())).ShouldRefuse(403, "invalid-authentication-code");

        var before = await account.VersionOf("root");
        Reply[] waiting =
        [
            await phone.Verify(phone.Code()),
            await phone.Verify(phone.Code(), account.A("service")),
            await half.Code(phone, phone.Code()),
            await half.Resync(phone),
            await phone.Resync(phone.Codes()),
            await pending.SubmitCodes(pending.Codes()),
        ];
        foreach (var reply in waiting)
            reply.ShouldRefuse(429, "too-many-attempts").Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
        (await account.VersionOf("root")).ShouldBe(before);

        account.Time.Pass(TimeSpan.FromSeconds(5));
        (await half.Code(phone, phone.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_wait_holds_for_every_session_and_token()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        for (var attempt = 0; attempt < 5; attempt++) await phone.Verify(phone.WrongCode(), account.A("service"));
        var half = await account.HalfSignedIn();
        (await half.Code(phone, phone.Code())).ShouldRefuse(429, "too-many-attempts");
    }

    [Fact]
    public async Task The_beginning_of_a_wait_is_an_event()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        for (var attempt = 0; attempt < 8; attempt++) await phone.Verify(phone.WrongCode());
        (await api.EventsAsync(account.Id, "root")).Select(e => e.Data).TakeLast(2).ShouldBe(
        [
            new CodeRejected(phone.Id, CodePurpose.Verification, RejectionReason.Wrong),
            new AttemptsThrottled(phone.Id, 5, 5),
        ]);
    }

    [Fact]
    public async Task A_refusal_during_the_wait_is_not_remembered_for_an_idempotency_key()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        for (var attempt = 0; attempt < 5; attempt++) await phone.Verify(phone.WrongCode());
        (await phone.Verify(phone.Code(), account.Root.Repeatably("k"))).ShouldRefuse(429, "too-many-attempts");
        account.Time.Pass(TimeSpan.FromSeconds(5));
        (await phone.Verify(phone.Code(), account.Root.Repeatably("k"))).Status.ShouldBeOneOf(200, 422);
    }

    [Fact]
    public async Task Of_forty_wrong_codes_at_once_five_are_looked_at()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        var wrong = phone.WrongCode();
        var replies = await Scenarios.AtOnce(40, _ => phone.Verify(wrong));
        replies.Count(reply => reply.Status == 403).ShouldBe(5);
        replies.Count(reply => reply.Status == 429).ShouldBe(35);
    }

    [Fact]
    public async Task A_hundred_failures_suspend_the_device_and_nobody_is_told()
    {
        var account = await api.RegisteredAccount();
        var (phone, tablet) = (await account.AssignedDevice().Activated(), await account.AssignedDevice().Activated());
        await Suspend(account, phone);

        account.Time.Pass(TimeSpan.FromMinutes(5));
        (await phone.Verify(phone.Code())).ShouldRefuse(403, "invalid-authentication-code").ShouldHave("type", "title", "status", "detail");
        (await account.Root.Get(phone.Path)).TextOf("status").ShouldBe("suspended");
        (await account.Root.Get(phone.Path))["consecutiveFailures"].GetInt32().ShouldBe(101);

        // The other device still signs in, once the principal's wait is over; and with it a resync ends the suspension.
        account.Time.Pass(TimeSpan.FromMinutes(5));
        var root = await account.SignedIn(tablet);
        account.Time.PassSteps(2);
        (await phone.Resync(phone.Codes(), root)).ShouldBe(HttpStatusCode.OK).TextOf("status").ShouldBe("active");
        account.Time.PassSteps(1);
        (await phone.Verify(phone.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Within_a_sign_in_no_resync_ends_a_suspension()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        await Suspend(account, phone);
        account.Time.Pass(TimeSpan.FromMinutes(5));
        var half = await account.HalfSignedIn();
        (await half.Resync(phone)).ShouldRefuse(403, "invalid-authentication-code");
        account.Time.Pass(TimeSpan.FromMinutes(5));
        half = await account.HalfSignedIn();
        (await half.Code(phone, phone.Code())).ShouldRefuse(403, "invalid-authentication-code");
    }

    private static async Task Suspend(OpenAccount account, HeldDevice device)
    {
        var wrong = device.WrongCode();
        for (var attempt = 1; attempt <= 100; attempt++)
        {
            // Codes of the last hour are wrong and not out of the window: the wrong one changes as time goes by.
            if (attempt % 20 == 0) wrong = device.WrongCode();
            (await device.Verify(wrong)).ShouldRefuse(403, "invalid-authentication-code");
            account.Time.Pass(TimeSpan.FromMinutes(5));
        }
    }
}
