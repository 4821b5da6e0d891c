using System.Net;
using MfaEvents.Core.Devices;

namespace MfaEvents.Server.Tests.Devices;

/// <summary>Activation, verification and resync. Refusals look alike to the outside; the event says what they were.</summary>
public sealed class CodesTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    public static TheoryData<string, object?> WhatIsNoCode => new()
    {
        { "nothing", null }, { "no character", "" }, { "five digits", "12345" }, { "seven digits", "1234567" }, { "a blank before", " 123456" },
        { "a blank after", "12345 " }, { "a line end", "123456\n" }, { "a letter", "12345a" }, { "a sign", "+12345" }, { "a gap", "123 456" },
        { "a number", 123456 }, { "a truth", true }, { "Arabic-Indic digits", "\u0661\u0662\u0663\u0664\u0665\u0666" },
        { "fullwidth digits", "\uff11\uff12\uff13\uff14\uff15\uff16" }, { "Devanagari digits", "\u0967\u0968\u0969\u096a\u096b\u096c" },
        { "an array", new[] { "123456" } }, { "an object", new { code = "123456" } },
    };

    [Fact]
    public async Task Two_consecutive_codes_activate_a_device()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();

        (await device.SubmitCodes(device.Codes())).ShouldBe(HttpStatusCode.OK).ShouldHave("status").TextOf("status").ShouldBe("active");
        (await account.Root.Get(device.Path)).TextOf("status").ShouldBe("active");
    }

    [Fact]
    public async Task Codes_that_come_too_late_associate_the_device_out_of_sync()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();

        (await device.SubmitCodes(device.Codes(-40))).ShouldBe(HttpStatusCode.OK).TextOf("status").ShouldBe("outOfSync");

        var refused = (await device.Verify(device.Code())).ShouldRefuse(403, "invalid-authentication-code");
        refused["resyncRequired"].GetBoolean().ShouldBeTrue();
        (await device.Resync(device.Codes())).ShouldBe(HttpStatusCode.OK);
        account.Time.PassSteps(1);
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(-1)]
    public async Task Pairs_in_the_window_are_in_sync(int stepsAway)
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        (await device.SubmitCodes(device.Codes(stepsAway))).ShouldBe(HttpStatusCode.OK).TextOf("status").ShouldBe("active");
    }

    [Theory]
    [InlineData(2), InlineData(-2), InlineData(120), InlineData(-119)]
    public async Task Pairs_beside_the_window_are_out_of_sync(int stepsAway)
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        (await device.SubmitCodes(device.Codes(stepsAway))).ShouldBe(HttpStatusCode.OK).TextOf("status").ShouldBe("outOfSync");
    }

    [Theory]
    [InlineData(121), InlineData(-120)]
    public async Task Pairs_from_more_than_an_hour_away_are_refused(int stepsAway)
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        (await device.SubmitCodes(device.Codes(stepsAway))).ShouldRefuse(403, "invalid-authentication-code");
        (await LastRejection(account)).Reason.ShouldBe(RejectionReason.Wrong);
    }

    [Fact]
    public async Task Codes_in_the_wrong_order_or_the_same_code_twice_activate_nothing()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        (await device.SubmitCodes(new { code1 = device.Code(), code2 = device.Code(-1) })).ShouldRefuse(403, "invalid-authentication-code");
        (await device.SubmitCodes(new { code1 = device.Code(), code2 = device.Code() })).ShouldRefuse(403, "invalid-authentication-code");
        (await device.SubmitCodes(new { code1 = device.Code(-2), code2 = device.Code() })).ShouldRefuse(403, "invalid-authentication-code");
        (await account.Root.Get(device.Path)).TextOf("status").ShouldBe("pending");
    }

    [Fact]
    public async Task The_codes_of_an_activation_are_spent_by_it()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        (await device.SubmitCodes(device.Codes())).ShouldBe(HttpStatusCode.OK);

        foreach (var stepsAway in (int[])[0, -1])
        {
            (await device.Verify(device.Code(stepsAway))).ShouldRefuse(403, "invalid-authentication-code");
            (await LastRejection(account)).Reason.ShouldBe(RejectionReason.Replayed);
        }

        (await device.Resync(device.Codes())).ShouldRefuse(403, "invalid-authentication-code");
        (await device.Verify(device.Code(1))).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_active_device_is_not_activated_again()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var version = await account.VersionOf("root");

        (await device.SubmitCodes(device.Codes())).ShouldRefuse(409, "device-already-active");
        (await account.VersionOf("root")).ShouldBe(version);
    }

    [Fact]
    public async Task An_out_of_sync_device_is_not_activated_again()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().OutOfSync();
        (await device.SubmitCodes(device.Codes())).ShouldRefuse(409, "device-already-active");
    }

    [Fact]
    public async Task The_first_activation_discards_the_other_pending_devices_and_their_seeds()
    {
        var account = await api.RegisteredAccount();
        var lurking = await account.AssignedDevice("lurking");
        var device = await account.AssignedDevice().Activated();

        (await account.Root.Get(lurking.Path)).ShouldRefuse(404, "not-found");
        (await lurking.SubmitCodes(lurking.Codes())).ShouldRefuse(404, "not-found");
        (await SeedsOf(account)).ShouldBe([device.Id.ToString()]);
        await account.AssignedDevice("lurking");
    }

    [Fact]
    public async Task A_later_activation_leaves_pending_devices_alone()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var pending = await account.AssignedDevice();
        await account.AssignedDevice().Activated();
        (await account.Root.Get(pending.Path)).TextOf("status").ShouldBe("pending");
    }

    [Fact]
    public async Task A_code_is_accepted_once()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();

        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK).ShouldHave("deviceId")["deviceId"].GetGuid().ShouldBe(device.Id);

        (await device.Verify(device.Code())).ShouldRefuse(403, "invalid-authentication-code");
        (await LastRejection(account)).Reason.ShouldBe(RejectionReason.Replayed);
        account.Time.PassSteps(1);
        (await device.Verify(device.Code(-1))).ShouldRefuse(403, "invalid-authentication-code");
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_code_before_the_last_used_one_is_a_replay()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        (await device.Verify(device.Code(1))).ShouldBe(HttpStatusCode.OK);
        (await device.Verify(device.Code())).ShouldRefuse(403, "invalid-authentication-code");
        (await LastRejection(account)).Reason.ShouldBe(RejectionReason.Replayed);
    }

    [Theory]
    [InlineData(1, true), InlineData(0, true), InlineData(-1, true), InlineData(2, false), InlineData(-2, false)]
    public async Task The_window_is_one_step_wide_on_either_side(int stepsAway, bool accepted)
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        account.Time.PassSteps(4);

        var reply = await device.Verify(device.Code(stepsAway));

        reply.Status.ShouldBe(accepted ? 200 : 403);
        if (!accepted) (await LastRejection(account)).Reason.ShouldBe(RejectionReason.OutsideWindow);
    }

    [Fact]
    public async Task The_code_of_another_device_is_wrong()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var other = await account.AssignedDevice().Activated();
        (await device.Verify(other.Code())).ShouldRefuse(403, "invalid-authentication-code");
        (await other.Verify(other.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Wrong_replayed_and_late_codes_look_alike()
    {
        var account = await api.RegisteredAccount();
        var device = await (await account.AssignedDevice().Activated()).Verified();
        account.Time.PassSteps(10);

        var texts = new HashSet<string>();
        foreach (var code in (string[])[device.WrongCode(), device.Code(-11), device.Code(5)])
            texts.Add((await device.Verify(code)).ShouldRefuse(403, "invalid-authentication-code").Text);

        texts.ShouldHaveSingleItem();
        (await Rejections(account)).Select(rejection => rejection.Reason)
            .ShouldBe([RejectionReason.Wrong, RejectionReason.Replayed, RejectionReason.OutsideWindow]);
    }

    [Fact]
    public async Task Three_stray_codes_in_a_row_show_that_a_device_is_out_of_sync()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        account.Time.PassSteps(30);

        (await device.Verify(device.Code(-20))).Body.TryGetProperty("resyncRequired", out _).ShouldBeFalse();
        (await device.Verify(device.Code(-19))).Body.TryGetProperty("resyncRequired", out _).ShouldBeFalse();
        (await device.Verify(device.Code(-18))).ShouldRefuse(403, "invalid-authentication-code")["resyncRequired"].GetBoolean().ShouldBeTrue();

        (await account.Root.Get(device.Path)).TextOf("status").ShouldBe("outOfSync");
        (await device.Verify(device.WrongCode())).ShouldRefuse(403, "invalid-authentication-code")["resyncRequired"].GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_pending_device_verifies_nothing()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        (await device.Verify(device.Code())).ShouldRefuse(409, "device-pending");
        (await device.Resync(device.Codes())).ShouldRefuse(409, "device-pending");
        (await account.VersionOf("root")).ShouldBe(2);
    }

    [Fact]
    public async Task A_resync_nearby_sets_the_drift()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        account.Time.PassSteps(10);

        var reply = (await device.Resync(device.Codes(-5))).ShouldBe(HttpStatusCode.OK).ShouldHave("status", "driftSteps");

        reply.TextOf("status").ShouldBe("active");
        reply["driftSteps"].GetInt32().ShouldBe(-5);
        account.Time.PassSteps(1);
        (await device.Verify(device.Code())).ShouldRefuse(403, "invalid-authentication-code");
        (await device.Verify(device.Code(-5))).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_resync_from_far_away_needs_a_second_pair()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        account.Time.PassSteps(60);

        var again = (await device.Resync(device.Codes(-50))).ShouldBe(HttpStatusCode.OK).ShouldHave("status", "again");
        again.TextOf("status").ShouldBe("outOfSync");
        again["again"].GetBoolean().ShouldBeTrue();

        account.Time.PassSteps(2);
        var done = (await device.Resync(device.Codes(-50))).ShouldBe(HttpStatusCode.OK);
        done.TextOf("status").ShouldBe("active");
        done["driftSteps"].GetInt32().ShouldBe(-50);
    }

    [Fact]
    public async Task A_wrong_pair_resyncs_nothing_and_is_recorded()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        (await device.Resync(new { code1 = device.WrongCode(), code2 = device.WrongCode() })).ShouldRefuse(403, "invalid-authentication-code");
        var rejection = await LastRejection(account);
        (rejection.Purpose, rejection.Reason).ShouldBe((CodePurpose.Resync, RejectionReason.Wrong));
    }

    [Theory, MemberData(nameof(WhatIsNoCode))]
    public async Task What_is_no_code_of_six_ASCII_digits_is_refused_before_it_is_looked_at(string what, object? code)
    {
        what.ShouldNotBeEmpty();
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var version = await account.VersionOf("root");

        (await device.Owner.Post(device.Path + "/verifications", new { code })).ShouldFindFault("code");
        (await device.SubmitCodes(new { code1 = code, code2 = code })).ShouldFindFault("code1", "code2");
        (await device.Resync(new { code1 = "123456", code2 = code })).ShouldFindFault("code2");

        (await account.VersionOf("root")).ShouldBe(version);
    }

    [Fact]
    public async Task Of_forty_parallel_submissions_of_one_code_one_is_accepted_five_are_recorded_and_the_others_wait()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var code = device.Code();

        var replies = await Scenarios.AtOnce(40, _ => device.Verify(code));

        replies.Count(reply => reply.Status == 200).ShouldBe(1);
        replies.Count(reply => reply.Status == 403).ShouldBe(5, string.Join('\n', replies.Select(reply => reply.ToString()).Distinct()));
        replies.Count(reply => reply.Status == 429).ShouldBe(34);
        var events = await api.EventsAsync(account.Id, "root");
        events.Count(e => e.Data is CodeAccepted).ShouldBe(1);
        events.Count(e => e.Data is CodeRejected { Reason: RejectionReason.Replayed }).ShouldBe(5);
    }

    [Fact]
    public async Task Of_parallel_activations_one_succeeds()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        var replies = await Scenarios.AtOnce(12, _ => device.SubmitCodes(device.Codes()));
        replies.Count(reply => reply.Status == 200).ShouldBe(1);
        foreach (var reply in replies.Where(reply => reply.Status != 200)) reply.ShouldRefuse(409, "device-already-active");
    }

    [Fact]
    public async Task Codes_of_a_device_that_is_being_removed_are_never_an_error_of_ours()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var replies = await Scenarios.AtOnce(20, number => number == 10 ? account.Root.Delete(device.Path) : device.Verify(device.WrongCode()));
        replies.Select(reply => reply.Status).Distinct().ShouldBeSubsetOf([204, 403, 404, 429]);
        replies.Count(reply => reply.Status == 204).ShouldBe(1);
    }

    private async Task<CodeRejected> LastRejection(OpenAccount account) => (await Rejections(account))[^1];

    private async Task<IReadOnlyList<CodeRejected>> Rejections(OpenAccount account) =>
        [.. (await api.EventsAsync(account.Id, "root")).Select(e => e.Data).OfType<CodeRejected>()];

    private Task<IReadOnlyList<string>> SeedsOf(OpenAccount account) =>
        api.RowsAsync("select id from sealed.mt_doc_sealedseed where tenant_id = $1", account.Id);
}
