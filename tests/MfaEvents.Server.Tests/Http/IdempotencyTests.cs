using System.Net;
using MfaEvents.Server.Http;
using MfaEvents.Server.Tests.Support;
using Wolverine;

namespace MfaEvents.Server.Tests.Http;

public sealed class IdempotencyTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task The_same_key_and_body_gives_the_same_answer_with_the_secret_while_the_device_is_pending()
    {
        var account = await api.RegisteredAccount();
        var body = new { deviceName = "phone", deviceType = "virtual" };
        var first = (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", body)).ShouldBe(HttpStatusCode.Created);

        var again = (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", body)).ShouldBe(HttpStatusCode.Created);

        again.Text.ShouldBe(first.Text);
        again.Location.ShouldBe(first.Location);
        again.Headers.CacheControl!.NoStore.ShouldBeTrue();
        (await account.VersionOf("root")).ShouldBe(2);
    }

    [Fact]
    public async Task The_secret_does_not_come_again_once_the_device_is_active_or_gone()
    {
        var account = await api.RegisteredAccount();
        var body = new { deviceName = "phone", deviceType = "virtual" };
        var first = (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", body)).ShouldBe(HttpStatusCode.Created);
        var device = new HeldDevice(account, account.Root, "root", first["deviceId"].GetGuid(), "phone", first.TextOf("secretKey"));
        await device.Activated();

        var active = (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", body)).ShouldBe(HttpStatusCode.Created);
        active.ShouldHave("deviceId", "serialNumber");
        active.TextOf("deviceId").ShouldBe(first.TextOf("deviceId"));
        active.Location.ShouldBe(first.Location);

        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", body)).ShouldBe(HttpStatusCode.Created).Text.ShouldNotContain(device.SecretKey);
        (await account.Root.Get(account.RootPath + "/mfa-devices"))["devices"].GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", new { deviceName = "a", deviceType = "virtual" })).ShouldBe(HttpStatusCode.Created);
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", new { deviceName = "b", deviceType = "virtual" }))
            .ShouldRefuse(422, "idempotency-key-reused");
        (await account.VersionOf("root")).ShouldBe(2);
    }

    [Fact]
    public async Task Another_address_is_apart()
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", new { deviceName = "a", deviceType = "virtual" })).ShouldBe(HttpStatusCode.Created);
        (await account.Root.Repeatably("k1").Post(account.PrincipalPath("user:alice") + "/mfa-devices", new { deviceName = "b", deviceType = "virtual" }))
            .ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Another_callers_same_key_is_apart()
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");
        var path = account.PrincipalPath("user:alice") + "/mfa-devices";
        (await account.Root.Repeatably("k1").Post(path, new { deviceName = "a", deviceType = "virtual" })).ShouldBe(HttpStatusCode.Created);
        (await account.User("alice").Repeatably("k1").Post(path, new { deviceName = "a", deviceType = "virtual" })).ShouldRefuse(409, "device-name-taken");
        (await account.User("alice").Repeatably("k1").Post(path, new { deviceName = "b", deviceType = "virtual" })).ShouldRefuse(422, "idempotency-key-reused");
    }

    [Fact]
    public async Task A_refusal_is_given_again_even_when_its_reason_has_gone()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone");
        var body = new { deviceName = "phone", deviceType = "virtual" };
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", body)).ShouldRefuse(409, "device-name-taken");
        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", body)).ShouldRefuse(409, "device-name-taken");
        (await account.Root.Repeatably("k2").Post(account.RootPath + "/mfa-devices", body)).ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_repeated_code_is_neither_a_replay_nor_a_second_failure()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var (code, wrong) = (device.Code(), device.WrongCode());
        for (var repeat = 0; repeat < 3; repeat++)
        {
            (await device.Verify(code, account.Root.Repeatably("right"))).ShouldBe(HttpStatusCode.OK);
            (await device.Verify(wrong, account.Root.Repeatably("wrong"))).ShouldRefuse(403, "invalid-authentication-code");
        }

        var events = await api.EventsAsync(account.Id, "root");
        events.Count(e => e.EventTypeName == "code_accepted").ShouldBe(1);
        events.Count(e => e.EventTypeName == "code_rejected").ShouldBe(1);
    }

    [Fact]
    public async Task A_bad_request_is_not_remembered()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", new { deviceName = "a b", deviceType = "virtual" })).ShouldFindFault("deviceName");
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", new { deviceName = "ab", deviceType = "virtual" })).ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Every_repetition_is_authorised_anew()
    {
        var account = await api.RegisteredAccount();
        var (path, body) = (account.RootPath + "/mfa-devices", new { deviceName = "a", deviceType = "virtual" });
        (await account.Root.Repeatably("k1").Post(path, body)).ShouldBe(HttpStatusCode.Created);
        (await (account.Root with { SignedInAgo = TimeSpan.FromHours(1) }).Repeatably("k1").Post(path, body)).ShouldRefuse(401, "insufficient-user-authentication");
    }

    [Theory]
    [InlineData("mfa-devices"), InlineData("verifications")]
    public async Task Twelve_parallel_duplicates_do_the_work_once_and_all_get_its_answer(string what)
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var version = await account.VersionOf("root");
        object body = what == "mfa-devices" ? new { deviceName = "phone", deviceType = "virtual" } : new { code = device.Code() };
        var path = what == "mfa-devices" ? account.RootPath + "/mfa-devices" : device.Path + "/verifications";

        var replies = await Scenarios.AtOnce(12, _ => account.Root.Repeatably("k1").Post(path, body));

        replies.Select(reply => (reply.Status, reply.Text, reply.Location)).Distinct().ShouldHaveSingleItem().Status.ShouldBe(what == "mfa-devices" ? 201 : 200);
        (await account.VersionOf("root")).ShouldBe(version + 1);
    }

    [Fact]
    public async Task Twelve_parallel_duplicates_register_one_account_which_all_of_them_find()
    {
        var provisioner = api.A("provisioner");
        var body = Scenarios.Registration();
        var key = Scenarios.NewName("registration");
        var replies = await Scenarios.AtOnce(12, async _ =>
        {
            var registered = await provisioner.Repeatably(key).Post("/accounts", body);
            registered.ShouldBe(HttpStatusCode.Created);
            await Scenarios.Eventually(async () => (await provisioner.Get(registered.Location!)).Status == 200, "the account is open");
            return registered;
        });
        replies.Select(reply => reply.Text).Distinct().ShouldHaveSingleItem();
        (await provisioner.Repeatably(key).Post("/accounts", Scenarios.Registration())).ShouldRefuse(422, "idempotency-key-reused");
    }

    [Fact]
    public async Task A_refused_registration_is_refused_again()
    {
        var provisioner = api.A("provisioner");
        var account = await api.RegisteredAccount();
        var (key, body) = (Scenarios.NewName("registration"), Scenarios.Registration(account.Email));
        (await provisioner.Repeatably(key).Post("/accounts", body)).ShouldRefuse(409, "email-taken");
        (await provisioner.Repeatably(key).Post("/accounts", body)).ShouldRefuse(409, "email-taken");
        (await provisioner.Repeatably(key).Post("/accounts", Scenarios.Registration())).ShouldRefuse(422, "idempotency-key-reused");
    }

    [Theory]
    [InlineData(255, true), InlineData(256, false), InlineData(1, true)]
    public async Task A_key_has_1_to_255_characters(int length, bool valid)
    {
        var account = await api.RegisteredAccount();
        var reply = await account.Root.Repeatably(new string('~', length)).Post(account.RootPath + "/mfa-devices", new { deviceName = "a", deviceType = "virtual" });
        if (valid) reply.ShouldBe(HttpStatusCode.Created);
        else reply.ShouldFindFault("Idempotency-Key");
    }

    [Fact]
    public async Task A_key_is_forgotten_after_a_day()
    {
        var account = await api.RegisteredAccount();
        var body = new { deviceName = "phone", deviceType = "virtual" };
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", body)).ShouldBe(HttpStatusCode.Created);
        account.Time.Pass(TimeSpan.FromHours(23));
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", body)).ShouldBe(HttpStatusCode.Created);
        account.Time.Pass(TimeSpan.FromHours(1.1));
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", body)).ShouldRefuse(409, "device-name-taken");
        (await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", new { deviceName = "b", deviceType = "virtual" })).ShouldRefuse(422, "idempotency-key-reused");
    }

    [Fact]
    public async Task Answers_whose_time_is_over_are_deleted_in_every_account_and_in_the_directory()
    {
        var account = await api.RegisteredAccount();
        account.Time.Pass(TimeSpan.FromHours(-30));
        (await account.Root.Repeatably("old").Post(account.RootPath + "/mfa-devices", new { deviceName = "old", deviceType = "virtual" })).ShouldBe(HttpStatusCode.Created);
        var key = Scenarios.NewName("registration");
        await (api.A("provisioner") with { Time = account.Time }).Repeatably(key).Post("/accounts", Scenarios.Registration());
        account.Time.Pass(TimeSpan.FromHours(30));
        (await account.Root.Repeatably("new").Post(account.RootPath + "/mfa-devices", new { deviceName = "new", deviceType = "virtual" })).ShouldBe(HttpStatusCode.Created);
        const string expired = "select id from directory.mt_doc_rememberedanswer where expires_at < now()";
        (await api.RowsAsync(expired)).ShouldNotBeEmpty();

        await using var scope = api.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync(new ForgetAnswers(DateTimeOffset.UtcNow), TestContext.Current.CancellationToken);

        (await api.RowsAsync("select id from mfa.mt_doc_rememberedanswer where tenant_id = $1", account.Id)).Count.ShouldBe(1);
        (await api.RowsAsync(expired)).ShouldBeEmpty();
    }

    [Theory, InlineData("contact"), InlineData("case")]
    public async Task The_digits_of_a_call_come_again_while_it_is_open(string what)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Put($"{account.Path}/contact", new { email = account.Email, phone = Scenarios.NewPhone() })).ShouldBe(HttpStatusCode.Accepted);
        var found = await account.OpenedCase();
        Task<Reply> Call() => what == "contact"
            ? account.Root.Repeatably("k1").Post($"{account.Path}/contact/calls")
            : found.Evidence("callBack", account.Agent().Repeatably("k1"));
        var first = await Call();
        first.ShouldHave("callId", "digits", "expiresAt");

        var again = await Call();
        (again.Status, again.Text, again.Location).ShouldBe((first.Status, first.Text, first.Location));
        again.Headers.CacheControl!.NoStore.ShouldBeTrue();
        (await api.EventsAsync(account.Id, what == "contact" ? "account" : found.Stream)).Count(e => e.EventTypeName.EndsWith("_placed", StringComparison.Ordinal)).ShouldBe(1);
        (await api.RowsAsync("select data::text from mfa.mt_doc_rememberedanswer where tenant_id = $1", account.Id))
            .ShouldHaveSingleItem().ShouldNotContain($"\"{first.TextOf("digits")}\"");

        account.Time.Pass(TimeSpan.FromMinutes(10));
        (await Call()).ShouldHave("callId", "expiresAt").TextOf("callId").ShouldBe(first.TextOf("callId"));
    }

    [Fact]
    public async Task The_remembered_answer_holds_no_secret_and_no_guessable_hash()
    {
        var account = await api.RegisteredAccount();
        var assigned = await account.Root.Repeatably("k1").Post(account.RootPath + "/mfa-devices", new { deviceName = "phone", deviceType = "virtual" });
        var device = new HeldDevice(account, account.Root, "root", assigned["deviceId"].GetGuid(), "phone", assigned.TextOf("secretKey"));
        (await device.SubmitCodes(device.Codes(), account.Root.Repeatably("k2"))).ShouldBe(HttpStatusCode.OK);
        (await account.Root.Repeatably("k3").Post(account.Path + "/users", new { userName = "alice", password = account.Password })).ShouldBe(HttpStatusCode.Created);

        var rows = await api.RowsAsync("select t::text from mfa.mt_doc_rememberedanswer t where tenant_id = $1", account.Id);

        rows.Count.ShouldBe(3);
        var text = string.Join('\n', rows);
        foreach (var secret in (string[])[device.SecretKey, "otpauth", "qrCode", account.Password, $"\"{device.Code()}\"", $"\"{device.Code(-1)}\"", "\"k1\"", "k2\""])
            text.ShouldNotContain(secret);
    }

    [Fact]
    public async Task On_other_verbs_the_key_means_nothing()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        var person = account.Root.Repeatably("k1");
        (await person.Patch(device.Path, new { deviceName = "a" })).ShouldBe(HttpStatusCode.OK);
        (await person.Patch(device.Path, new { deviceName = "b" })).ShouldBe(HttpStatusCode.OK).TextOf("deviceName").ShouldBe("b");
        (await person.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);
        (await person.Delete(device.Path)).ShouldRefuse(404, "not-found");
    }
}
