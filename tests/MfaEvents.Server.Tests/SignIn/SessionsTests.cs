using System.Net;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.SignIn;

namespace MfaEvents.Server.Tests.SignIn;

/// <summary>Sessions: what a token is tied to, and what ends it.</summary>
public sealed class SessionsTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_token_of_ours_opens_what_its_owner_may()
    {
        var account = await api.RegisteredAccount();
        var root = await account.SignedIn();
        (await root.Get(account.Path)).ShouldBe(HttpStatusCode.OK);
        (await root.Get((await api.RegisteredAccount()).Path)).ShouldRefuse(404, "not-found");
        (await root.Post("/accounts", Scenarios.Registration())).ShouldRefuse(403, "forbidden");
    }

    [Fact]
    public async Task Sessions_are_listed_with_their_origin()
    {
        var account = await api.RegisteredAccount();
        var (first, second) = (await account.SignedIn(), await account.SignedIn());
        var list = (await second.Get(account.RootPath + "/sessions")).ShouldBe(HttpStatusCode.OK).ShouldHave("sessions");
        var sessions = list["sessions"].EnumerateArray().ToList();
        sessions.Count.ShouldBe(2);
        sessions.ShouldAllBe(one => one.EnumerateObject().Count() == 5);
        sessions.Single(one => one.GetProperty("current").GetBoolean()).GetProperty("sourceAddress").GetString().ShouldBe(second.Address);
        var other = sessions.Single(one => !one.GetProperty("current").GetBoolean());
        other.GetProperty("sourceAddress").GetString().ShouldBe(first.Address);
        other.GetProperty("userAgent").GetString().ShouldBe("tests/1.0");
        other.GetProperty("startedAt").GetDateTimeOffset().ShouldBeLessThan(account.Time.Now);
    }

    [Fact]
    public async Task Ending_all_sessions_ends_all_but_ones_own()
    {
        var account = await api.RegisteredAccount();
        var (first, second, third) = (await account.SignedIn(), await account.SignedIn(), await account.SignedIn());
        (await second.Delete(account.RootPath + "/sessions")).ShouldBe(HttpStatusCode.NoContent);
        (await first.Get(account.Path)).ShouldRefuse(401, "unauthenticated");
        (await third.Get(account.Path)).ShouldRefuse(401, "unauthenticated");
        (await second.Get(account.RootPath + "/sessions")).ShouldBe(HttpStatusCode.OK)["sessions"].GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Ending_ones_own_session_is_signing_out()
    {
        var account = await api.RegisteredAccount();
        var root = await account.SignedIn();
        var sid = root.Claims().GetProperty("sid").GetString();
        (await root.Delete($"{account.RootPath}/sessions/{sid}")).ShouldBe(HttpStatusCode.NoContent);
        (await root.Get(account.Path)).ShouldRefuse(401, "unauthenticated");
        (await root.Post("/tokens")).ShouldRefuse(401, "unauthenticated");
        (await account.Root.Delete($"{account.RootPath}/sessions/{sid}")).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task A_request_whose_body_comes_after_its_session_has_ended_does_nothing()
    {
        var account = await api.RegisteredAccount();
        var (thief, owner) = (await account.SignedIn(), await account.SignedIn());
        using var late = new LateContent("""{"newPassword": "the thief's own password"}""");
        var sent = thief.Send(HttpMethod.Put, account.RootPath + "/password", late);
        await late.Begun;
        (await owner.Put(account.RootPath + "/password", new { newPassword = "the owner's new password" })).ShouldBe(HttpStatusCode.NoContent);
        late.End();
        (await sent).ShouldRefuse(401, "unauthenticated").Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
        (await account.Stranger().SignIn(account, "the owner's new password")).ShouldBe(HttpStatusCode.OK);
        (await owner.Get(account.Path)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Another_principals_session_is_not_there()
    {
        var account = await api.RegisteredAccount();
        var alice = await account.CreatedUser();
        var root = await account.SignedIn();
        var sid = root.Claims().GetProperty("sid").GetString();
        (await alice.Delete($"{account.PrincipalPath(alice.Principal!)}/sessions/{sid}")).ShouldRefuse(404, "not-found");
        (await alice.Delete($"{account.RootPath}/sessions/{sid}")).ShouldRefuse(404, "not-found");
        (await alice.Get($"{account.RootPath}/sessions")).ShouldRefuse(404, "not-found");
        (await account.Root.Delete($"{account.RootPath}/sessions/x")).ShouldRefuse(404, "not-found");
        (await account.A("service").Get($"{account.RootPath}/sessions")).ShouldRefuse(403, "forbidden");
        (await root.Get(account.Path)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_changed_password_ends_the_other_sessions()
    {
        var account = await api.RegisteredAccount();
        var (thief, owner) = (await account.SignedIn(), await account.SignedIn());
        (await owner.Put(account.RootPath + "/password", new { newPassword = "a password after the change" })).ShouldBe(HttpStatusCode.NoContent);
        (await thief.Get(account.Path)).ShouldRefuse(401, "unauthenticated");
        (await owner.Get(account.Path)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_first_activation_ends_the_other_sessions_and_a_later_one_does_not()
    {
        var account = await api.RegisteredAccount();
        var (thief, owner) = (await account.SignedIn(), await account.SignedIn());
        var phone = await account.AssignedDevice(owner, "root");
        await phone.Activated();
        (await thief.Get(account.Path)).ShouldRefuse(401, "unauthenticated");
        (await owner.Get(account.Path)).ShouldBe(HttpStatusCode.OK);

        var (one, other) = (await account.SignedIn(phone), await account.SignedIn(phone));
        await (await account.AssignedDevice(other, "root")).Activated();
        (await one.Get(account.Path)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_removed_device_ends_the_other_sessions()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        var (one, other) = (await account.SignedIn(phone), await account.SignedIn(phone));
        (await other.Delete(phone.Path)).ShouldBe(HttpStatusCode.NoContent);
        (await one.Get(account.Path)).ShouldRefuse(401, "unauthenticated");
        (await other.Get(account.Path)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_deleted_users_sessions_end()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Post($"{account.Path}/users", new { userName = "alice", password = "the password of alice" })).ShouldBe(HttpStatusCode.Created);
        var stranger = account.Stranger();
        var alice = stranger.With((await stranger.SignIn(account, "alice", "the password of alice")).ShouldBe(HttpStatusCode.OK));
        (await account.Root.Delete($"{account.Path}/users/alice")).ShouldBe(HttpStatusCode.NoContent);
        (await alice.Get(account.PrincipalPath("user:alice") + "/mfa-devices")).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task A_token_is_good_for_fifteen_minutes_and_is_renewed_within_its_session()
    {
        var account = await api.RegisteredAccount();
        var root = await account.SignedIn();
        account.Time.Pass(TimeSpan.FromMinutes(14));
        var renewed = root.With((await root.Post("/tokens")).ShouldBe(HttpStatusCode.OK).ShouldHave("accessToken", "tokenType", "expiresIn"));
        account.Time.Pass(TimeSpan.FromMinutes(2));
        (await root.Get(account.Path)).ShouldRefuse(401, "unauthenticated");
        (await renewed.Get(account.Path)).ShouldBe(HttpStatusCode.OK);
        renewed.Claims().GetProperty("auth_time").GetInt64().ShouldBe(root.Claims().GetProperty("auth_time").GetInt64());
        renewed.Claims().GetProperty("sid").GetString().ShouldBe(root.Claims().GetProperty("sid").GetString());

        // Fresh sign-in is by the sign-in, not by the token.
        (await renewed.Put(account.RootPath + "/password", new { newPassword = "a password after the change" })).ShouldRefuse(401, "insufficient-user-authentication");
    }

    [Fact]
    public async Task A_session_that_is_not_used_for_half_an_hour_is_over()
    {
        var account = await api.RegisteredAccount();
        var root = await account.SignedIn();
        for (var quarter = 0; quarter < 3; quarter++)
        {
            account.Time.Pass(TimeSpan.FromMinutes(14));
            root = root.With((await root.Post("/tokens")).ShouldBe(HttpStatusCode.OK));
        }

        // The token lives longer than that session: a setting of longer tokens must not make a longer session.
        account.Time.Pass(TimeSpan.FromMinutes(30));
        (await account.Root.Get(account.RootPath + "/sessions"))["sessions"].GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_session_ends_after_twelve_hours_however_busy_it_is()
    {
        var account = await api.RegisteredAccount();
        var root = await account.SignedIn();
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromHours(11.9); passed += TimeSpan.FromMinutes(14))
        {
            account.Time.Pass(TimeSpan.FromMinutes(14));
            root = root.With((await root.Post("/tokens")).ShouldBe(HttpStatusCode.OK));
        }

        account.Time.Pass(TimeSpan.FromMinutes(10));
        (await root.Post("/tokens")).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task A_token_of_somebody_elses_is_not_renewed_here()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Post("/tokens")).ShouldRefuse(403, "forbidden");
        (await api.Nobody().Post("/tokens")).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task The_keys_of_the_tokens_are_public_and_nothing_else_of_them()
    {
        var account = await api.RegisteredAccount();
        var root = await account.SignedIn();
        var keys = (await api.Nobody().Get("/.well-known/jwks.json")).ShouldBe(HttpStatusCode.OK)["keys"].EnumerateArray().ToList();
        keys.ShouldAllBe(key => key.GetProperty("kty").GetString() == "EC" && key.GetProperty("alg").GetString() == "ES256");
        keys.ShouldAllBe(key => key.EnumerateObject().All(member => member.Name != "d"));
        keys.Count.ShouldBeGreaterThan(0);
        root.RawToken!.Split('.').Length.ShouldBe(3);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_token_with_a_changed_part_is_nobodys(int part)
    {
        var account = await api.RegisteredAccount();
        var root = await account.SignedIn();
        var parts = root.RawToken!.Split('.');
        parts[part] = parts[part][..10] + (parts[part][10] == 'A' ? 'B' : 'A') + parts[part][11..];
        (await (root with { RawToken = string.Join('.', parts) }).Get(account.Path)).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task What_is_over_is_deleted()
    {
        // A host of its own: it is over for every account.
        await using var forgetful = await run.StartHostAsync("forgetful");
        var account = await forgetful.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        await account.SignedIn(phone);
        await account.HalfSignedIn();
        await account.Stranger().SignIn(account, "a wrong password");
        (await Kept()).ShouldBe(["failures", "half", "session"], ignoreOrder: true);

        account.Time.Pass(TimeSpan.FromHours(25));
        forgetful.Clock.Set(account.Time.Now);
        await forgetful.HandleAsync(account.Id, new ForgetSignIns(account.Time.Now));
        (await Kept()).ShouldBeEmpty();

        Task<IReadOnlyList<string>> Kept() => forgetful.RowsAsync(
            """
            select 'half' from mfa.mt_doc_signinchallenge union all select 'session' from mfa.mt_doc_session
            union all select 'failures' from directory.mt_doc_passwordfailures
            """);
    }

    [Fact]
    public async Task Every_end_is_an_event()
    {
        var account = await api.RegisteredAccount();
        var root = await account.SignedIn();
        (await root.Delete(account.RootPath + "/sessions")).ShouldBe(HttpStatusCode.NoContent);
        var sid = root.Claims().GetProperty("sid").GetGuid();
        (await api.EventsAsync(account.Id, "root"))[^1].Data.ShouldBe(new SessionsEnded(SessionsEndReason.Requested, sid));
        (await root.Delete($"{account.RootPath}/sessions/{sid}")).ShouldBe(HttpStatusCode.NoContent);
        (await api.EventsAsync(account.Id, "root"))[^1].Data.ShouldBe(new SessionEnded(sid));
    }

    /// <summary>A JSON body whose first byte comes at once and whose rest comes when it is told to.</summary>
    private sealed class LateContent : HttpContent
    {
        private readonly TaskCompletionSource begun = new(), ended = new();
        private readonly byte[] bytes;

        public LateContent(string json)
        {
            bytes = System.Text.Encoding.UTF8.GetBytes(json);
            Headers.ContentType = new("application/json");
        }

        public Task Begun => begun.Task;

        public void End() => ended.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes.AsMemory(0, 1));
            await stream.FlushAsync();

            // Time for the gate to look after the session, which it does before the body.
            await Task.Delay(TimeSpan.FromSeconds(1));
            begun.SetResult();
            await ended.Task;
            await stream.WriteAsync(bytes.AsMemory(1));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }
}
