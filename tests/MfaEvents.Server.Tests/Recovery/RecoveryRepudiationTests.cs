using System.Net;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;

namespace MfaEvents.Server.Tests.Recovery;

/// <summary>"This was not me": what a stranger got by a recovery is taken back.</summary>
public sealed class RecoveryRepudiationTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Before_completion_it_ends_the_recovery()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.VerifiedRecovery();
        (await recovery.Repudiate(await recovery.RepudiationToken())).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Step()).ShouldBe("repudiated");
        (await recovery.Complete()).ShouldRefuse(409, "recovery-state");
        (await recovery.Call()).ShouldRefuse(409, "recovery-state");
        (await recovery.ProveEmail("x")).ShouldRefuse(403, "invalid-proof");
        (await recovery.Step()).ShouldBe("repudiated");
        (await api.EventsAsync(account.Id, "root")).ShouldNotContain(e => e.Data is RecoveryVerified);
    }

    [Fact]
    public async Task A_link_that_was_not_clicked_is_void_after_it()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery();
        var token = await recovery.EmailToken();
        (await recovery.Repudiate(await recovery.RepudiationToken())).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.ProveEmail(token)).ShouldRefuse(403, "invalid-proof");
        (await recovery.Events()).ShouldBe(["recovery_started", "recovery_repudiated", "recovery_proof_rejected"]);
    }

    [Fact]
    public async Task Its_token_is_good_once_and_for_its_own_recovery()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var (recovery, second) = (await account.BegunRecovery(), await account.BegunRecovery());
        var token = await recovery.RepudiationToken();
        (await recovery.Repudiate(await second.RepudiationToken())).ShouldRefuse(403, "invalid-proof");
        (await recovery.Repudiate(await recovery.EmailToken())).ShouldRefuse(403, "invalid-proof");
        (await recovery.Repudiate("x")).ShouldRefuse(403, "invalid-proof");
        (await account.Stranger().Post("/recoveries/x/repudiation", new { token })).ShouldRefuse(404, "not-found");
        (await recovery.Step()).ShouldBe("email");

        var replies = await Scenarios.AtOnce(4, _ => recovery.Repudiate(token));
        replies.Select(reply => reply.Status).Order().ShouldBe([204, 403, 403, 403]);
        (await recovery.Events()).Count(name => name == "recovery_repudiated").ShouldBe(1);
    }

    [Fact]
    public async Task After_completion_it_takes_back_the_session_its_devices_and_its_password()
    {
        var (account, lost) = await api.AccountWithLostDevice();
        var (recovery, thief) = await account.CompletedRecovery();
        var his = await account.AssignedDevice(thief, "root");
        (await his.SubmitCodes(his.Codes())).ShouldBe(HttpStatusCode.OK);
        (await thief.Put(account.RootPath + "/password", new { newPassword = "the password of the thief" })).ShouldBe(HttpStatusCode.NoContent);

        // And on it goes from there: a session by his device, and another device by that session.
        account.Time.PassSteps(2);
        var stranger = account.Stranger();
        var half = (await stranger.SignIn(account, "the password of the thief")).ShouldBe(HttpStatusCode.Created);
        var again = stranger.With((await (stranger with { SignInKey = half.TextOf("signInKey") })
            .Post($"/sign-ins/{half.TextOf("signInId")}/codes", new { deviceId = his.Id, code = his.Code() })).ShouldBe(HttpStatusCode.OK));
        var hisToo = await account.AssignedDevice(again, "root");
        (await hisToo.SubmitCodes(hisToo.Codes())).ShouldBe(HttpStatusCode.OK);

        (await recovery.Repudiate(await recovery.RepudiationToken())).ShouldBe(HttpStatusCode.NoContent);

        (await recovery.Step()).ShouldBe("repudiated");
        (await thief.Get(account.RootPath + "/mfa-devices")).ShouldRefuse(401, "unauthenticated");
        (await again.Get(account.RootPath + "/mfa-devices")).ShouldRefuse(401, "unauthenticated");
        (await api.PrincipalAsync(account.Id, "root"))!.Devices.Select(device => device.DeviceId).ShouldBe([lost.Id]);
        (await api.RowsAsync("select id from sealed.mt_doc_sealedseed where id = any($1)", new[] { his.Id, hisToo.Id })).ShouldBeEmpty();
        (await account.Stranger().SignIn(account, "the password of the thief")).ShouldRefuse(403, "invalid-credentials");
        account.Time.PassSteps(2);
        await account.SignedIn(lost);

        var events = (await api.EventsAsync(account.Id, "root")).Select(e => e.Data).ToArray();
        events.OfType<DeviceRemoved>().Where(removed => removed.Reason == RemovalReason.Repudiated).Select(removed => removed.DeviceId)
            .ShouldBe([his.Id, hisToo.Id]);
        events.ShouldContain(new RecoveryUndone(recovery.Id, true));
    }

    [Fact]
    public async Task When_no_device_is_left_the_password_alone_signs_nobody_in_until_another_recovery()
    {
        var (account, lost) = await api.AccountWithLostDevice();
        var (recovery, thief) = await account.CompletedRecovery();
        (await thief.Delete(lost.Path)).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Repudiate(await recovery.RepudiationToken())).ShouldBe(HttpStatusCode.NoContent);

        // The thief knows the password: it opened the recovery.
        (await account.HalfSignedIn()).Reply["devices"].GetArrayLength().ShouldBe(0);
        var (_, root) = await account.CompletedRecovery();
        var device = await account.AssignedDevice(root, "root");
        (await device.SubmitCodes(device.Codes())).ShouldBe(HttpStatusCode.OK);
        account.Time.PassSteps(2);
        await account.SignedIn(device);
        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);
        (await account.Stranger().SignIn(account)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_the_owner_did_meanwhile_stays()
    {
        var (account, lost) = await api.AccountWithLostDevice();
        var (recovery, thief) = await account.CompletedRecovery();
        var his = await account.AssignedDevice(thief, "root");
        var owner = await account.SignedIn(lost);
        var owners = await account.AssignedDevice(owner, "root");
        (await owner.Put(account.RootPath + "/password", new { newPassword = "the owner's new password" })).ShouldBe(HttpStatusCode.NoContent);

        (await recovery.Repudiate(await recovery.RepudiationToken())).ShouldBe(HttpStatusCode.NoContent);
        (await api.PrincipalAsync(account.Id, "root"))!.Devices.Select(device => device.DeviceId).ShouldBe([lost.Id, owners.Id], ignoreOrder: true);
        (await api.PrincipalAsync(account.Id, "root"))!.Device(his.Id).ShouldBeNull();
        (await account.Stranger().SignIn(account, "the owner's new password")).ShouldBe(HttpStatusCode.Created);
        (await api.EventsAsync(account.Id, "root")).Select(e => e.Data).ShouldContain(new RecoveryUndone(recovery.Id, false));
    }

    [Fact]
    public async Task Completion_and_repudiation_at_once_leave_no_session()
    {
        for (var round = 0; round < 4; round++)
        {
            var (account, _) = await api.AccountWithLostDevice();
            var recovery = await account.VerifiedRecovery();
            var token = await recovery.RepudiationToken();
            var replies = await Scenarios.AtOnce(2, number => number == 0 ? recovery.Complete() : recovery.Repudiate(token));
            replies[1].ShouldBe(HttpStatusCode.NoContent);
            (await recovery.Step()).ShouldBe("repudiated");
            if (replies[0].Status == 200)
                (await recovery.By.With(replies[0]).Get(account.RootPath + "/mfa-devices")).ShouldRefuse(401, "unauthenticated");
            else replies[0].ShouldRefuse(409, "recovery-state");
        }
    }
}
