using System.Net;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Server.Tests.SignIn;

/// <summary>Password first, then one named device.</summary>
public sealed class SignInTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Without_a_device_the_password_gives_a_token()
    {
        var account = await api.RegisteredAccount();
        var reply = (await account.Stranger().SignIn(account)).ShouldBe(HttpStatusCode.OK).ShouldHave("accessToken", "tokenType", "expiresIn");
        reply.TextOf("tokenType").ShouldBe("Bearer");
        reply["expiresIn"].GetInt32().ShouldBe(900);

        var signedIn = (await api.EventsAsync(account.Id, "root")).Select(e => e.Data).OfType<SignedIn>().ShouldHaveSingleItem();
        signedIn.Factor.ShouldBe(Factor.Password);
        signedIn.DeviceId.ShouldBeNull();
    }

    [Fact]
    public async Task An_email_address_signs_in_however_its_letters_are_written()
    {
        var account = await api.RegisteredAccount();
        (await account.Stranger().Post("/sign-ins", new { email = account.Email.ToUpperInvariant(), password = account.Password }))
            .ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_IAM_user_signs_in_by_account_and_name()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Post($"{account.Path}/users", new { userName = "Alice", password = "the password of alice" })).ShouldBe(HttpStatusCode.Created);
        var reply = (await account.Stranger().SignIn(account, "alice", "the password of alice")).ShouldBe(HttpStatusCode.OK);
        var claims = account.Stranger().With(reply).Claims();
        claims.GetProperty("principal").GetString().ShouldBe("user:Alice");
        claims.GetProperty("sub").GetString().ShouldBe($"arn:aws:iam::{account.Id}:user/Alice");
    }

    [Fact]
    public async Task With_a_device_a_code_is_due()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice("phone").Activated();
        await account.AssignedDevice("pending");

        var half = await account.HalfSignedIn();
        half.Reply.ShouldHave("signInId", "signInKey", "devices", "expiresAt");
        var device = half.Reply["devices"].EnumerateArray().ShouldHaveSingleItem();
        device.EnumerateObject().Select(member => member.Name).ShouldBe(["deviceId", "deviceName", "deviceType"], ignoreOrder: true);
        device.GetProperty("deviceId").GetGuid().ShouldBe(phone.Id);
        (half.Reply["expiresAt"].GetDateTimeOffset() - account.Time.Now).TotalSeconds.ShouldBe(300, tolerance: 1);

        var token = half.By.With((await half.Code(phone, phone.Code())).ShouldBe(HttpStatusCode.OK).ShouldHave("accessToken", "tokenType", "expiresIn"));
        token.Claims().GetProperty("amr").EnumerateArray().Select(method => method.GetString()).ShouldBe(["pwd", "otp"]);
        (await api.EventsAsync(account.Id, "root")).Select(e => e.EventTypeName).TakeLast(2).ShouldBe(["code_accepted", "signed_in"]);
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_name_are_answered_alike()
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");
        Reply[] replies =
        [
            (await account.Stranger().SignIn(account, "a wrong password")).ShouldRefuse(403, "invalid-credentials"),
            await account.Stranger().Post("/sign-ins", new { email = "nobody@example.com", password = "a wrong password" }),
            await account.Stranger().Post("/sign-ins", new { email = "no address", password = "a wrong password" }),
            await account.Stranger().Post("/sign-ins", new { email = account.Email, password = "" }),
            await account.Stranger().SignIn(account, "alice", "a user without a password"),
            await account.Stranger().SignIn(account, "nobody", "a wrong password"),
            await account.Stranger().Post("/sign-ins", new { accountId = "999999999999", userName = "nobody", password = "x" }),
            await account.Stranger().Post("/sign-ins", new { accountId = "no account", userName = "no/user", password = "x" }),
            await account.Stranger().Post("/sign-ins", new { accountId = "000000000000", userName = "", password = "x" }),
        ];
        replies.Take(8).Select(reply => reply.ToString()).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_deleted_users_password_signs_nobody_in()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Post($"{account.Path}/users", new { userName = "alice", password = "the password of alice" })).ShouldBe(HttpStatusCode.Created);
        (await account.Root.Delete($"{account.Path}/users/alice")).ShouldBe(HttpStatusCode.NoContent);
        (await account.Stranger().SignIn(account, "alice", "the password of alice")).ShouldRefuse(403, "invalid-credentials");
    }

    [Fact]
    public async Task A_refused_password_is_recorded_with_where_it_came_from()
    {
        var account = await api.RegisteredAccount();
        var stranger = account.Stranger();
        (await stranger.SignIn(account, "a wrong password")).ShouldRefuse(403, "invalid-credentials");

        await Scenarios.Eventually(async () => (await api.EventsAsync(account.Id, "root")).Any(e => e.Data is SignInRefused), "a recorded refusal");
        var refused = (await api.EventsAsync(account.Id, "root")).Single(e => e.Data is SignInRefused);
        refused.Data.ShouldBe(new SignInRefused(Factor.Password, null));
        refused.UserName.ShouldBe("anonymous");
        refused.GetHeader("clientAddress").ShouldBe(stranger.Address);
    }

    [Theory]
    [InlineData("{}", "email", "password")]
    [InlineData("""{"password":"p"}""", "email")]
    [InlineData("""{"email":"a@example.com"}""", "password")]
    [InlineData("""{"accountId":"123456789012","password":"p"}""", "userName")]
    [InlineData("""{"userName":"alice","password":"p"}""", "accountId")]
    [InlineData("""{"email":"a@example.com","accountId":"123456789012","userName":"alice","password":"p"}""", "email")]
    [InlineData("""{"email":"a\u0000@example.com","password":"p"}""", "email")]
    [InlineData("""{"email":1,"password":[]}""", "email", "password")]
    public async Task What_names_nobody_is_a_fault_of_the_request(string body, params string[] members)
    {
        var stranger = api.Nobody() with { Address = SigningIn.NewAddress() };
        var reply = await stranger.Send(HttpMethod.Post, "/sign-ins", new StringContent(body, null, "application/json"));
        reply.ShouldRefuse(400, "validation");
        reply["errors"].EnumerateObject().Select(error => error.Name).ShouldBeSubsetOf(members);
    }

    [Fact]
    public async Task A_sign_in_serves_once()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        var half = await account.HalfSignedIn();
        (await half.Code(phone, phone.Code())).ShouldBe(HttpStatusCode.OK);
        account.Time.PassSteps(1);
        (await half.Code(phone, phone.Code())).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task Of_two_devices_codes_at_once_one_completes_the_sign_in()
    {
        var account = await api.RegisteredAccount();
        HeldDevice[] devices = [await account.AssignedDevice().Activated(), await account.AssignedDevice().Activated()];
        account.Time.PassSteps(2);
        for (var round = 0; round < 8; round++)
        {
            account.Time.PassSteps(1);
            var half = await account.HalfSignedIn();
            var replies = await Scenarios.AtOnce(2, number => half.Code(devices[number], devices[number].Code()));
            replies.Select(reply => reply.Status).Order().ShouldBe([200, 404]);
        }
    }

    [Fact]
    public async Task A_sign_in_is_void_after_five_minutes()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        var half = await account.HalfSignedIn();
        account.Time.Pass(TimeSpan.FromMinutes(5));
        (await half.Code(phone, phone.Code())).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task A_wrong_key_an_unknown_sign_in_and_somebody_elses_are_not_there()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        var (half, other) = (await account.HalfSignedIn(), await account.HalfSignedIn());
        var key = half.By.SignInKey!;
        string?[] wrong =
        [
            null, "", "x", other.By.SignInKey, key[..^1], key + "A", key[13..], "000000000000" + key[12..],
            key[..^1] + (key[^1] == 'A' ? 'B' : 'A'), $"{key}\u00e9",
        ];
        foreach (var with in wrong)
            (await (half with { By = half.By with { SignInKey = with } }).Code(phone, phone.Code())).ShouldRefuse(404, "not-found");

        foreach (var id in (string[])[Guid.CreateVersion7().ToString(), "x", "%20", "..%2f", new string('a', 500)])
            (await half.By.Post($"/sign-ins/{id}/codes", new { deviceId = phone.Id, code = phone.Code() })).ShouldRefuse(404, "not-found");

        // And the code was spent by none of them.
        (await half.Code(phone, phone.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_device_that_is_pending_gone_or_somebody_elses_is_not_there()
    {
        var (account, other) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var phone = await account.AssignedDevice().Activated();
        var (pending, gone, foreign) = (await account.AssignedDevice(), await account.AssignedDevice().Activated(), await other.AssignedDevice().Activated());
        (await account.Root.Delete(gone.Path)).ShouldBe(HttpStatusCode.NoContent);
        var half = await account.HalfSignedIn();
        foreach (var device in (HeldDevice[])[pending, gone, foreign])
            (await half.Code(device, device.Code())).ShouldRefuse(404, "not-found");
        (await half.By.Post(half.Path + "/codes", new { deviceId = "phone", code = phone.Code() })).ShouldFindFault("deviceId");
        (await half.By.Post(half.Path + "/codes", new { deviceId = phone.Id, code = "12345" })).ShouldFindFault("code");
    }

    [Fact]
    public async Task A_refused_code_is_a_refused_sign_in_and_the_sign_in_goes_on()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        var half = await account.HalfSignedIn();
        (await half.Code(phone, phone.WrongCode())).ShouldRefuse(403, "invalid-authentication-code");

        var events = await api.EventsAsync(account.Id, "root");
        events.Select(e => e.Data).TakeLast(2).ShouldBe(
        [
            new CodeRejected(phone.Id, CodePurpose.SignIn, RejectionReason.Wrong),
            new SignInRefused(Factor.Otp, phone.Id, 1),
        ]);
        events[^1].UserName.ShouldBe($"arn:aws:iam::{account.Id}:root");
        (await half.Code(phone, phone.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_device_out_of_sync_is_resynced_within_the_sign_in_and_the_next_code_signs_in()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().OutOfSync();
        var half = await account.HalfSignedIn();
        (await half.Code(phone, phone.Code()))
            .ShouldRefuse(403, "invalid-authentication-code")["resyncRequired"].GetBoolean().ShouldBeTrue();
        var resynced = (await half.Resync(phone)).ShouldBe(HttpStatusCode.OK).ShouldHave("status", "driftSteps");
        resynced.TextOf("status").ShouldBe("active");
        account.Time.PassSteps(1);
        (await half.Code(phone, phone.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Three_codes_from_outside_the_window_ask_for_a_resync()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        account.Time.PassSteps(60);
        var half = await account.HalfSignedIn();
        (await half.Code(phone, phone.Code(-30))).ShouldRefuse(403, "invalid-authentication-code").ShouldHave("type", "title", "status", "detail");
        (await half.Code(phone, phone.Code(-29))).ShouldRefuse(403, "invalid-authentication-code");
        (await half.Code(phone, phone.Code(-28)))
            .ShouldRefuse(403, "invalid-authentication-code")["resyncRequired"].GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_changed_password_voids_what_the_old_one_began()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        var half = await account.HalfSignedIn();
        (await account.Root.Put($"{account.RootPath}/password", new { newPassword = "a password after the change" })).ShouldBe(HttpStatusCode.NoContent);
        (await half.Code(phone, phone.Code())).ShouldRefuse(404, "not-found");
        (await account.Stranger().SignIn(account)).ShouldRefuse(403, "invalid-credentials");
    }

    [Fact]
    public async Task Nothing_of_a_sign_in_that_is_kept_opens_it()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice().Activated();
        var half = await account.HalfSignedIn();
        var rows = await api.RowsAsync("select data::text || id::text from mfa.mt_doc_signinchallenge where tenant_id = $1", account.Id);
        var row = rows.ShouldHaveSingleItem();
        row.ShouldNotContain(half.By.SignInKey!.Split('.')[1]);
        row.ShouldNotContain(half.Reply.TextOf("signInId"));
    }
}
