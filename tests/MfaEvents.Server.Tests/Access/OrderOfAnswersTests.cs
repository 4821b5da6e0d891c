using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace MfaEvents.Server.Tests.Access;

/// <summary>
/// The order of answers: 401, 403 forbidden, 404, 401 insufficient, 413/415/400, 422, 409, 403 for the code. Each request here is wrong
/// in two ways, and the answer is about the earlier one.
/// </summary>
public sealed class OrderOfAnswersTests(TestRun run, TwoAccounts accounts) : IClassFixture<TwoAccounts>
{
    private static readonly (string Fault, int Status, string Slug)[] Order =
    [
        ("no token", 401, "unauthenticated"),
        ("wrong role", 403, "forbidden"),
        ("another account", 404, "not-found"),
        ("no such principal", 404, "not-found"),
        ("stale sign-in", 401, "insufficient-user-authentication"),
        ("no second factor", 401, "insufficient-user-authentication"),
        ("too large", 413, "payload-too-large"),
        ("not JSON", 415, "unsupported-media-type"),
        ("malformed", 400, "malformed-request"),
        ("invalid", 400, "validation"),
        ("key reused", 422, "idempotency-key-reused"),
        ("conflict", 409, ""),
        ("wrong code", 403, "invalid-authentication-code"),
    ];

    // Which of one kind comes first is nobody's business, or is said elsewhere.
    private static readonly string[][] SameKind =
    [
        ["another account", "no such principal"], ["stale sign-in", "no second factor"], ["too large", "not JSON", "malformed", "invalid"],
    ];

    private readonly MfaHost api = run.Host;

    public static TheoryData<string, string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string, string>();
            foreach (var endpoint in (string[])["mfa-devices", "codes", "verifications", "resync", "users"])
                for (var i = 0; i < Order.Length; i++)
                    for (var j = i + 1; j < Order.Length; j++)
                        if (Concerns(endpoint, Order[i].Fault) && Concerns(endpoint, Order[j].Fault)
                            && !SameKind.Any(kind => kind.Contains(Order[i].Fault) && kind.Contains(Order[j].Fault)))
                            pairs.Add(endpoint, Order[i].Fault, Order[j].Fault);
            return pairs;
        }
    }

    [Theory, MemberData(nameof(Pairs))]
    public async Task Of_two_faults_the_earlier_one_is_answered(string endpoint, string first, string second)
    {
        var account = accounts.Own;
        var user = Scenarios.NewName("user");
        await account.CreatedUser(user);
        var active = await account.AssignedDevice(account.Root, $"user:{user}").Activated();
        var pending = await account.AssignedDevice(account.Root, $"user:{user}");
        var stream = endpoint == "users" ? "account" : $"user:{user}";
        var version = 0L;

        var reply = await new Request(account, active, pending, accounts.Other, endpoint)
            .SendAsync([first, second], async () => version = await account.VersionOf(stream));

        var (_, status, slug) = Order.Single(fault => fault.Fault == first);
        if (first == "conflict") slug = endpoint switch
        {
            "mfa-devices" => "device-name-taken",
            "codes" => "device-already-active",
            "users" => "user-exists",
            _ => "device-pending",
        };
        reply.ShouldRefuse(status, slug);
        (await account.VersionOf(stream)).ShouldBe(first == "wrong code" ? version + 1 : version);
    }

    [Fact]
    public async Task What_has_gone_is_not_found_before_its_key_was_used_otherwise()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var again = account.Root.Repeatably("once");
        (await again.Post(device.Path + "/verifications", new { code = device.Code() })).ShouldBe(HttpStatusCode.OK);
        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);
        (await again.Post(device.Path + "/verifications", new { code = device.Code(1) })).ShouldRefuse(404, "not-found");
    }

    [Theory]
    [InlineData("two words"), InlineData("caf\u00e9")]
    public async Task A_wrong_key_is_refused_where_a_wrong_body_is(string key)
    {
        var account = await api.RegisteredAccount();
        var (path, body) = (account.RootPath + "/mfa-devices", new { deviceName = "d", deviceType = "virtual" });
        (await account.Root.Repeatably(key).Post(path, body)).ShouldFindFault("Idempotency-Key");
        (await (account.Root with { SignedInAgo = TimeSpan.FromHours(1) }).Repeatably(key).Post(path, body)).ShouldRefuse(401, "insufficient-user-authentication");
        (await account.Root.Repeatably(key).Post(account.PrincipalPath("user:nobody") + "/mfa-devices", body)).ShouldRefuse(404, "not-found");
        (await account.A("auditor").Repeatably(key).Post(path, body)).ShouldRefuse(403, "forbidden");
    }

    private static bool Concerns(string endpoint, string fault) => fault switch
    {
        "stale sign-in" or "no second factor" => endpoint is not ("verifications" or "users"),
        "wrong code" => endpoint is "codes" or "verifications" or "resync",
        "no such principal" => endpoint is not "users",
        _ => true,
    };

    private sealed record Request(OpenAccount Account, HeldDevice Active, HeldDevice Pending, OpenAccount Other, string Endpoint)
    {
        public async Task<Reply> SendAsync(string[] faults, Func<Task> afterPreparation)
        {
            // A conflict is a device in the wrong state, or a name that is taken.
            var device = faults.Contains("conflict") == (Endpoint == "codes") ? Active : Pending;
            var person = Account.Root;
            var path = Endpoint switch
            {
                "users" => Account.Path + "/users",
                "mfa-devices" => Account.PrincipalPath(device.Principal) + "/mfa-devices",
                _ => $"{device.Path}/{Endpoint}",
            };
            object body = Endpoint switch
            {
                "users" => new { userName = faults.Contains("conflict") ? device.Principal["user:".Length..] : Scenarios.NewName("fresh") },
                "mfa-devices" => new { deviceName = faults.Contains("conflict") ? Active.Name.ToUpperInvariant() : Scenarios.NewName("fresh"), deviceType = "virtual" },
                "verifications" => new { code = faults.Contains("wrong code") ? device.WrongCode() : device.Code() },
                _ => faults.Contains("wrong code") ? new { code1 = device.WrongCode(), code2 = device.WrongCode() } : device.Codes(),
            };

            if (faults.Contains("key reused"))
            {
                person = person.Repeatably(Scenarios.NewName("key"));
                object other = Endpoint switch
                {
                    "users" => new { userName = Scenarios.NewName("before") },
                    "mfa-devices" => new { deviceName = Scenarios.NewName("before"), deviceType = "virtual" },
                    "verifications" => new { code = device.WrongCode() },
                    _ => new { code1 = device.WrongCode(), code2 = device.WrongCode() },
                };
                if (Endpoint is not ("users" or "mfa-devices") && faults.Contains("wrong code"))
                    body = Endpoint == "verifications" ? new { code = device.WrongCode(), other = 1 } : new { code1 = device.WrongCode(), code2 = device.WrongCode(), other = 1 };
                await person.Post(path, other);
            }

            await afterPreparation();
            if (faults.Contains("another account")) path = path.Replace(Account.Id, Other.Id, StringComparison.Ordinal);
            if (faults.Contains("no such principal")) path = path.Replace(device.Principal, "user:nobody", StringComparison.Ordinal);
            if (faults.Contains("stale sign-in")) person = person with { SignedInAgo = TimeSpan.FromHours(1) };
            if (faults.Contains("no second factor")) person = person with { Methods = ["pwd"] };
            if (faults.Contains("wrong role")) person = person with { Roles = ["operator"], Principal = null, Name = "operator" };
            if (faults.Contains("no token")) person = person with { Roles = [] };
            return await person.Send(HttpMethod.Post, path, Content(faults, body));
        }

        private static HttpContent Content(string[] faults, object body)
        {
            if (faults.Contains("too large")) return new StringContent($$"""{"a":"{{new string('a', 64 * 1024)}}"}""", Encoding.UTF8, "application/json");
            if (faults.Contains("not JSON")) return new StringContent("code=123456", Encoding.UTF8, "application/x-www-form-urlencoded");
            if (faults.Contains("malformed")) return new StringContent("{\"code\":", new MediaTypeHeaderValue("application/json"));
            if (faults.Contains("invalid")) return JsonContent.Create(new { code = "", deviceName = 1 });
            return JsonContent.Create(body, body.GetType());
        }
    }
}

/// <summary>An account for all tests of a class, each with a user of its own in it, and another one that is not theirs.</summary>
public sealed class TwoAccounts(TestRun run) : IAsyncLifetime
{
    /// <summary>Its root user has a device.</summary>
    public OpenAccount Own { get; private set; } = null!;

    public OpenAccount Other { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        (Own, Other) = (await run.Host.RegisteredAccount(), await run.Host.RegisteredAccount());
        await Own.AssignedDevice().Activated();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
