using System.Net;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Server.Tests.Recovery;

/// <summary>A root user without its device: password, e-mail, phone, in this order, and then a session.</summary>
public sealed class RecoveryTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Password_email_and_phone_give_a_session()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery();
        recovery.Reply.ShouldHave("recoveryId", "recoveryKey", "email", "phone", "step");
        recovery.Reply.TextOf("step").ShouldBe("email");
        recovery.Reply.TextOf("email").ShouldBe($"{account.Email[0]}***@example.com");
        recovery.Reply.TextOf("phone").ShouldBe($"+{new string('*', account.Phone.Length - 3)}{account.Phone[^2..]}");
        recovery.Reply.Location.ShouldBe(recovery.Path);
        (await recovery.Step()).ShouldBe("email");

        var mail = await recovery.Mail();
        mail.To.ToString().ShouldContain(account.Email);
        (await recovery.ProveEmail(await recovery.EmailToken())).ShouldBe(HttpStatusCode.OK).ShouldHave("step").TextOf("step").ShouldBe("phone");
        (await recovery.Step()).ShouldBe("phone");

        var call = (await recovery.Call()).ShouldBe(HttpStatusCode.Created).ShouldHave("callId", "digits", "expiresAt");
        call.TextOf("digits").ShouldMatch("^[0-9]{6}$");
        (call["expiresAt"].GetDateTimeOffset() - account.Time.Now).TotalMinutes.ShouldBe(10, tolerance: 0.1);
        var placed = await api.PlacedCall(call["callId"].GetGuid());
        placed.GetProperty("number").GetString().ShouldBe(account.Phone);
        (await account.KeyDigits(call["callId"].GetGuid(), call.TextOf("digits"))).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Get()).ShouldBe(HttpStatusCode.OK).ShouldHave("step").TextOf("step").ShouldBe("verified");

        var reply = (await recovery.Complete()).ShouldBe(HttpStatusCode.OK).ShouldHave("accessToken", "tokenType", "expiresIn");
        (await recovery.Step()).ShouldBe("completed");
        var root = recovery.By.With(reply);
        root.Claims().GetProperty("amr").EnumerateArray().Select(method => method.GetString()).ShouldBe(["pwd", "recovery"]);
        (await root.Get(account.RootPath + "/mfa-devices")).ShouldBe(HttpStatusCode.OK);

        var sessionId = root.Claims().GetProperty("sid").GetGuid();
        (await api.EventsAsync(account.Id, "root")).Select(e => e.Data).TakeLast(3).ShouldBe(
        [
            new RecoveryVerified(recovery.Id),
            new SessionsEnded(SessionsEndReason.Recovered, sessionId),
            new SignedIn(sessionId, Factor.Recovery, null),
        ]);
        (await recovery.Events()).ShouldBe(
            ["recovery_started", "email_verified", "phone_call_placed", "phone_verified", "recovery_completed"]);
        var verified = (await api.EventsAsync(account.Id, recovery.Stream)).Single(e => e.Data is PhoneVerified);
        verified.UserName.ShouldBe("telephony");
        (await api.EventsAsync(account.Id, recovery.Stream)).Count(e => e.Data is RecoveryMailSent).ShouldBe(1);
        (await api.PrincipalAsync(account.Id, "root"))!.ContactLockedSince.ShouldNotBeNull();
    }

    [Fact]
    public async Task Completion_ends_the_other_sessions_and_spends_the_sign_in()
    {
        var (account, lost) = await api.AccountWithLostDevice();
        var elsewhere = await account.SignedIn(lost);
        var half = await account.HalfSignedIn();
        await account.CompletedRecovery();
        (await elsewhere.Get(account.RootPath + "/mfa-devices")).ShouldRefuse(401, "unauthenticated");
        account.Time.PassSteps(1);
        (await half.Code(lost, lost.Code())).ShouldRefuse(404, "not-found");
        (await half.TryRecovery()).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task The_session_gets_a_working_device_and_a_new_password_and_nothing_else()
    {
        var (account, lost) = await api.AccountWithLostDevice();
        await account.CreatedUser("alice");
        var hers = await account.AssignedDevice(account.Root, "user:alice");
        var (_, root) = await account.CompletedRecovery();
        var sid = root.Claims().GetProperty("sid").GetString();

        (await root.Get(account.Path)).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Get(account.Path + "/contact")).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Put(account.Path + "/contact", new { email = Scenarios.NewEmail(), phone = account.Phone })).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Get(account.Path + "/users")).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Post(account.Path + "/users", new { userName = "bob" })).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Delete(account.Path + "/users/alice")).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Get(account.Path + "/audit")).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Get(account.RootPath + "/history")).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Get(account.RootPath + "/sessions")).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Delete(account.RootPath + "/sessions")).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Delete($"{account.RootPath}/sessions/{Guid.CreateVersion7()}")).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Post("/tokens")).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Post(lost.Path + "/verifications", new { code = lost.Code() })).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Get(account.PrincipalPath("user:alice") + "/mfa-devices")).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Delete(hers.Path)).ShouldRefuse(401, "insufficient-user-authentication");
        (await root.Put(account.PrincipalPath("user:alice") + "/password", new { newPassword = Scenarios.Password })).ShouldRefuse(401, "insufficient-user-authentication");

        (await root.Get(lost.Path)).ShouldBe(HttpStatusCode.OK);
        var found = await account.AssignedDevice(root, "root");
        (await found.SubmitCodes(found.Codes())).ShouldBe(HttpStatusCode.OK);
        (await root.Delete(lost.Path)).ShouldBe(HttpStatusCode.NoContent);
        account.Time.PassSteps(4);
        (await found.Resync(found.Codes())).ShouldBe(HttpStatusCode.OK);
        (await root.Put(account.RootPath + "/password", new { newPassword = "a password after recovery" })).ShouldBe(HttpStatusCode.NoContent);
        (await root.Delete($"{account.RootPath}/sessions/{sid}")).ShouldBe(HttpStatusCode.NoContent);
        (await root.Get(lost.Path)).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task A_device_that_was_suspended_is_resynced_by_a_recovery()
    {
        var (account, lost) = await api.AccountWithLostDevice();
        for (var i = 0; i < 100; i++)
        {
            (await lost.Verify(lost.WrongCode())).ShouldRefuse(403, "invalid-authentication-code");
            account.Time.Pass(TimeSpan.FromSeconds(301));
        }

        (await api.PrincipalAsync(account.Id, "root"))!.Device(lost.Id)!.Status.ShouldBe(Core.Devices.DeviceStatus.Suspended);
        var (_, root) = await account.CompletedRecovery();
        (await lost.Resync(lost.Codes(), root)).ShouldBe(HttpStatusCode.OK).TextOf("status").ShouldBe("active");
    }

    [Fact]
    public async Task An_IAM_user_is_told_who_can_help()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Post($"{account.Path}/users", new { userName = "alice", password = "the password of alice" })).ShouldBe(HttpStatusCode.Created);
        var alice = account.User("alice");
        await account.AssignedDevice(alice, "user:alice").Activated();
        var stranger = account.Stranger();
        var half = (await stranger.SignIn(account, "alice", "the password of alice")).ShouldBe(HttpStatusCode.Created);
        (await (stranger with { SignInKey = half.TextOf("signInKey") }).Post("/recoveries", new { signInId = half.TextOf("signInId") }))
            .ShouldRefuse(409, "recovery-not-available").TextOf("detail").ShouldContain("root user");
    }

    [Fact]
    public async Task A_recovery_begins_with_a_sign_in_that_is_there()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var half = await account.HalfSignedIn();
        var signInId = half.Reply.TextOf("signInId");
        (await account.Stranger().Post("/recoveries", new { signInId })).ShouldRefuse(404, "not-found");
        (await (half.By with { SignInKey = half.By.SignInKey![..^1] + "_" }).Post("/recoveries", new { signInId })).ShouldRefuse(404, "not-found");
        (await half.By.Post("/recoveries", new { signInId = Guid.CreateVersion7() })).ShouldRefuse(404, "not-found");
        (await half.By.Post("/recoveries", new { signInId = "x" })).ShouldFindFault("signInId");
        account.Time.Pass(TimeSpan.FromMinutes(5));
        (await half.TryRecovery()).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task An_unknown_recovery_and_a_wrong_key_are_not_there()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var (other, _) = await api.AccountWithLostDevice();
        var (recovery, foreign, second) = (await account.BegunRecovery(), await other.BegunRecovery(), await account.BegunRecovery());
        var token = await recovery.EmailToken();
        var key = recovery.By.RecoveryKey!;
        string?[] wrong = [null, "", "x", key[..^1], key + "A", "000000000000" + key[12..], foreign.By.RecoveryKey, second.By.RecoveryKey];
        foreach (var with in wrong)
        {
            var by = recovery with { By = recovery.By with { RecoveryKey = with } };
            (await by.Get()).ShouldRefuse(404, "not-found");
            (await by.ProveEmail(token)).ShouldRefuse(404, "not-found");
            (await by.Call()).ShouldRefuse(404, "not-found");
            (await by.Complete()).ShouldRefuse(404, "not-found");
        }

        foreach (var id in (string[])[Guid.CreateVersion7().ToString(), "x", "%20"])
            (await recovery.By.Post($"/recoveries/{id}/completion")).ShouldRefuse(404, "not-found");
        (await recovery.Events()).ShouldBe(["recovery_started"]);
    }

    [Fact]
    public async Task The_wrong_order_is_refused_and_changes_nothing()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery();
        (await recovery.Call()).ShouldRefuse(409, "recovery-state");
        (await recovery.Complete()).ShouldRefuse(409, "recovery-state").ShouldHave("type", "title", "status", "detail");
        (await recovery.Step()).ShouldBe("email");

        await Task.FromResult(recovery).EmailProven();
        (await recovery.Complete()).ShouldRefuse(409, "recovery-state");
        (await recovery.Step()).ShouldBe("phone");

        await Task.FromResult(recovery).PhoneProven();
        (await recovery.Call()).ShouldRefuse(409, "recovery-state");
        (await recovery.Step()).ShouldBe("verified");

        (await recovery.Complete()).ShouldBe(HttpStatusCode.OK);
        (await recovery.Complete()).ShouldRefuse(409, "recovery-state");
        (await recovery.Call()).ShouldRefuse(409, "recovery-state");
        (await recovery.Step()).ShouldBe("completed");
        (await api.EventsAsync(account.Id, "root")).Count(e => e.Data is RecoveryVerified).ShouldBe(1);
    }

    [Fact]
    public async Task Only_an_email_proof_ends_another_recovery()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var first = await account.BegunRecovery().EmailProven();
        var second = await account.BegunRecovery();
        (await first.Step()).ShouldBe("phone");
        await Task.FromResult(second).EmailProven();
        (await first.Step()).ShouldBe("expired");
        (await first.Call()).ShouldRefuse(409, "recovery-state");
        (await api.EventsAsync(account.Id, first.Stream))[^1].Data.ShouldBe(new RecoveryExpired(RecoveryEnd.Superseded));
        await Task.FromResult(second).PhoneProven();
        (await second.Complete()).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_fourth_of_a_day_is_refused_and_only_those_count_that_proved_the_email()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var early = await account.BegunRecovery();
        var token = await early.EmailToken();
        for (var i = 0; i < 3; i++)
        {
            await account.BegunRecovery();
            await account.BegunRecovery().EmailProven();
            account.Time.Pass(TimeSpan.FromMinutes(1));
        }

        var half = await account.HalfSignedIn();
        (await half.TryRecovery()).ShouldRefuse(429, "too-many-attempts").Headers.RetryAfter!.Delta!.Value.TotalHours.ShouldBe(23.95, tolerance: 0.1);

        // Begun before the limit was reached and superseded by the others.
        (await early.ProveEmail(token)).ShouldRefuse(403, "invalid-proof");
        account.Time.Pass(TimeSpan.FromHours(24));
        await account.BegunRecovery();
    }

    [Fact]
    public async Task Whoever_begins_many_waits_and_nobody_at_another_address_does()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var half = await account.HalfSignedIn();
        for (var i = 0; i < 10; i++) (await half.TryRecovery()).ShouldBe(HttpStatusCode.Created);
        (await half.TryRecovery()).ShouldRefuse(429, "too-many-attempts").Headers.RetryAfter!.ToString().ShouldBe("5");
        await account.BegunRecovery();
    }

    [Fact]
    public async Task From_however_many_networks_no_more_than_twenty_a_day_send_mail_and_who_repudiates_one_makes_room()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var begun = new List<BegunRecovery>();
        for (var i = 0; i < 20; i++) begun.Add(await account.BegunRecovery());

        var refused = (await (await account.HalfSignedIn()).TryRecovery()).ShouldRefuse(429, "too-many-attempts");
        refused.Headers.RetryAfter!.Delta!.Value.TotalHours.ShouldBe(24, tolerance: 0.1);
        (await api.RowsAsync("select id from mfa.mt_streams where tenant_id = $1 and id like 'recovery:%'", account.Id)).Count.ShouldBe(20);

        // The owner, among whose mails the others drown, needs no key for that.
        (await begun[7].Repudiate(await begun[7].RepudiationToken())).ShouldBe(HttpStatusCode.NoContent);
        await account.BegunRecovery();
        (await (await account.HalfSignedIn()).TryRecovery()).ShouldRefuse(429, "too-many-attempts");

        account.Time.Pass(TimeSpan.FromHours(24));
        await account.BegunRecovery();
    }

    [Fact]
    public async Task A_refused_start_says_the_same_whatever_was_counted()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var half = await account.HalfSignedIn();
        for (var i = 0; i < 10; i++) (await half.TryRecovery()).ShouldBe(HttpStatusCode.Created);
        var byNetwork = (await half.TryRecovery()).ShouldRefuse(429, "too-many-attempts");
        for (var i = 0; i < 10; i++) await account.BegunRecovery();
        account.Time.Pass(TimeSpan.FromSeconds(6));
        (await half.TryRecovery()).ShouldRefuse(429, "too-many-attempts").Text.ShouldBe(byNetwork.Text);
    }

    [Fact]
    public async Task A_changed_password_ends_what_the_old_one_began()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.VerifiedRecovery();
        (await account.Root.Put(account.RootPath + "/password", new { newPassword = "a password after the change" })).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Step()).ShouldBe("expired");
        (await recovery.Complete()).ShouldRefuse(409, "recovery-state");
        (await api.EventsAsync(account.Id, recovery.Stream))[^1].Data.ShouldBe(new RecoveryExpired(RecoveryEnd.PasswordChanged));
    }

    [Fact]
    public async Task Of_many_completions_at_once_one_gives_a_session()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.VerifiedRecovery();
        var replies = await Scenarios.AtOnce(8, _ => recovery.Complete());
        replies.Count(reply => reply.Status == 200).ShouldBe(1);
        replies.Where(reply => reply.Status != 200).ShouldAllBe(reply => reply.Status == 409 && reply.Slug == "recovery-state");
        (await api.EventsAsync(account.Id, "root")).Count(e => e.Data is RecoveryVerified).ShouldBe(1);
    }

    [Fact]
    public async Task Nothing_that_is_kept_opens_a_recovery()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery();
        var (email, repudiation) = (await recovery.EmailToken(), await recovery.RepudiationToken());
        var rows = await api.RowsAsync(
            """
            select data::text || id from mfa.mt_doc_keptrecoverykey where tenant_id = $1
            union all select data::text || id from mfa.mt_doc_openlink where tenant_id = $1
            union all select data::text from mfa.mt_events where tenant_id = $1
            union all select data::text from mfa.mt_doc_rootrecovery where tenant_id = $1
            """, account.Id);
        rows.Count.ShouldBeGreaterThan(5);
        foreach (var secret in (string[])[recovery.By.RecoveryKey!, email, repudiation])
            rows.ShouldAllBe(row => !row.Contains(secret.Split('.')[1], StringComparison.Ordinal));
    }
}
