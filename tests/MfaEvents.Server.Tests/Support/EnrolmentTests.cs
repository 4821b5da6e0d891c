using System.Net;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Server.Tests.Support;

/// <summary>What follows a removal: whoever merely has the password gets nowhere.</summary>
public sealed class EnrolmentTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task The_code_signs_the_proven_owner_in_until_a_device_is_active()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var found = await account.OpenedCase().Executed();
        var issued = (await found.Code()).ShouldBe(HttpStatusCode.Created).ShouldHave("code", "expiresAt");
        var code = issued.TextOf("code");
        code.ShouldMatch("^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$");
        issued.Location.ShouldBe(found.Path);

        var half = await account.HalfSignedIn();
        half.Reply["devices"].GetArrayLength().ShouldBe(0);
        half.Reply["enrolmentCodeRequired"].GetBoolean().ShouldBeTrue();
        var owner = half.By.With(await Submit(half, code.ToLowerInvariant().Replace('-', ' ')));
        owner.Claims().GetProperty("amr").EnumerateArray().Select(method => method.GetString()).ShouldBe(["pwd", "enrolment"]);
        (await Submit(half, code)).ShouldRefuse(404, "not-found");

        // It serves again for whoever was interrupted, and no longer once a device is active.
        var again = await account.HalfSignedIn();
        owner = again.By.With((await Submit(again, code)).ShouldBe(HttpStatusCode.OK));
        var late = await account.HalfSignedIn();
        var phone = await account.AssignedDevice(owner, "root").Activated();
        (await Submit(late, code)).ShouldRefuse(404, "not-found");
        var next = await account.HalfSignedIn();
        next.Reply["devices"].GetArrayLength().ShouldBe(1);
        next.Reply.Body.TryGetProperty("enrolmentCodeRequired", out _).ShouldBeFalse();
        (await Submit(next, code)).ShouldRefuse(404, "not-found");
        (await next.Code(phone, phone.Code())).ShouldBe(HttpStatusCode.OK);
        (await api.RowsAsync("select id from mfa.mt_doc_enrolmentcode where tenant_id = $1", account.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_password_alone_signs_nobody_in_and_a_token_of_the_password_alone_enrols_nothing()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        await account.OpenedCase().Executed();

        (await account.Stranger().SignIn(account)).ShouldBe(HttpStatusCode.Created);
        var passwordAlone = account.Root with { Methods = ["pwd"] };
        (await passwordAlone.Post(account.RootPath + "/mfa-devices", new { deviceName = "thief", deviceType = "virtual" }))
            .ShouldRefuse(401, "insufficient-user-authentication");
        (await (passwordAlone with { Methods = ["pwd", "enrolment"] }).Put(account.Path + "/contact", new { email = "a@example.com", phone = "+14155550100" }))
            .Status.ShouldBeOneOf(401, 409);
    }

    [Fact]
    public async Task The_code_is_shown_once_to_somebody_without_a_part_in_the_case_and_kept_as_a_hash()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var found = await account.OpenedCase().Approved();
        (await found.Code()).ShouldRefuse(409, "case-state");
        await found.ComesDue();

        (await found.Code(account.Agent())).ShouldRefuse(403, "forbidden");
        (await found.Code(account.Approver("ann"))).ShouldRefuse(403, "second-person-required");
        var again = account.Approver().Repeatably("once");
        var code = (await found.Code(again)).ShouldBe(HttpStatusCode.Created).TextOf("code");
        (await found.Code(again)).ShouldBe(HttpStatusCode.Created).ShouldHave("expiresAt");
        (await found.Code()).ShouldRefuse(409, "case-state");

        foreach (var table in (string[])["mt_doc_enrolmentcode", "mt_doc_rememberedanswer", "mt_events"])
            (await api.RowsAsync($"select data::text from mfa.{table} where tenant_id = $1", account.Id))
                .ShouldAllBe(data => !data.Contains(code) && !data.Contains(code.Replace("-", "")));
    }

    [Fact]
    public async Task Wrong_codes_are_recorded_and_wait_and_the_right_one_is_good_for_three_days()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var found = await account.OpenedCase().Executed();
        (await Submit(await account.HalfSignedIn(), "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA")).ShouldRefuse(403, "invalid-authentication-code");
        var code = (await found.Code()).TextOf("code");
        var half = await account.HalfSignedIn();
        for (var i = 0; i < 4; i++) (await Submit(half, "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA")).ShouldRefuse(403, "invalid-authentication-code");
        (await Submit(half, code)).ShouldRefuse(429, "too-many-attempts");
        var events = (await api.EventsAsync(account.Id, "root")).Select(e => e.Data).ToArray();
        events.Count(e => e is EnrolmentCodeRejected).ShouldBe(5);
        events.Count(e => e is EnrolmentAttemptsThrottled).ShouldBe(1);

        account.Time.Pass(TimeSpan.FromSeconds(6));
        (await Submit(half, code)).ShouldBe(HttpStatusCode.OK);
        account.Time.Pass(TimeSpan.FromHours(72));
        (await Submit(await account.HalfSignedIn(), code)).ShouldRefuse(403, "invalid-authentication-code");
    }

    [Fact]
    public async Task Sign_ins_are_flagged_for_seven_days_after_a_removal()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var found = await account.OpenedCase().Executed();
        var half = await account.HalfSignedIn();
        var owner = half.By.With(await Submit(half, (await found.Code()).TextOf("code")));
        var phone = await account.AssignedDevice(owner, "root").Activated();
        await account.SignedIn(phone);
        account.Time.Pass(TimeSpan.FromDays(7));
        await account.SignedIn(phone);

        var signIns = (await api.EventsAsync(account.Id, "root")).Select(e => e.Data).OfType<SignedIn>().ToArray();
        signIns.Select(e => (e.Factor, e.UnderWatch))
            .ShouldBe([(Factor.EnrolmentCode, true), (Factor.Otp, true), (Factor.Otp, null)]);
    }

    [Fact]
    public async Task Its_session_gets_a_device_and_a_password_for_its_own_principal_and_nothing_else()
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");
        var found = await account.OpenedCase().Executed();
        var half = await account.HalfSignedIn();
        var owner = half.By.With(await Submit(half, (await found.Code()).TextOf("code")));

        (await owner.Get(account.RootPath + "/mfa-devices")).ShouldBe(HttpStatusCode.OK);
        Reply[] others =
        [
            await owner.Get(account.Path + "/contact"),
            await owner.Get(account.Path + "/users"),
            await owner.Get(account.Path + "/audit"),
            await owner.Post(account.Path + "/users", new { userName = "mallory" }),
            await owner.Post(account.PrincipalPath("user:alice") + "/mfa-devices", new { deviceName = "mine", deviceType = "virtual" }),
            await owner.Put(account.PrincipalPath("user:alice") + "/password", new { newPassword = "correct horse battery staple" }),
            await owner.Delete(account.PrincipalPath("user:alice") + "/sessions"),
        ];
        others.ShouldAllBe(reply => reply.Slug == "insufficient-user-authentication");
    }

    [Fact]
    public async Task An_earlier_case_gives_no_code_after_a_later_removal_and_none_gives_it_late()
    {
        var account = await api.RegisteredAccount();
        var earlier = await account.OpenedCase().Executed();
        var later = await account.OpenedCase(by: "carl").Executed();
        (await earlier.Code(account.Approver("carl"))).ShouldRefuse(409, "case-state");
        account.Time.Pass(TimeSpan.FromHours(72));
        (await later.Code()).ShouldRefuse(409, "case-state");
    }

    private static Task<Reply> Submit(HalfSignIn half, string code) => half.By.Post(half.Path + "/enrolment-codes", new { code });
}
