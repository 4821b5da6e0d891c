using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Notifications.Phone;
using Wolverine;
using OpenAccount = MfaEvents.Server.Tests.Harness.OpenAccount;

namespace MfaEvents.Server.Tests.Notifications;

/// <summary>Calls into the outbox, and the callback that a gateway signs.</summary>
public sealed class PhoneTests(PhoneTests.PhoneHost phone) : IClassFixture<PhoneTests.PhoneHost>
{
    private readonly MfaHost api = phone.Host;

    [Fact]
    public async Task A_call_lands_in_the_outbox_without_its_digits()
    {
        var account = await api.RegisteredAccount();
        var call = await Placed(account);

        var placed = await api.PlacedCall(call.CallId);
        placed.EnumerateObject().Select(member => member.Name).ShouldBe(["callId", "number", "say", "digits", "callback", "placedAt"]);
        placed.GetProperty("callId").GetGuid().ShouldBe(call.CallId);
        placed.GetProperty("number").GetString().ShouldBe(account.Phone);
        placed.GetProperty("digits").GetInt32().ShouldBe(6);
        placed.GetProperty("callback").GetString().ShouldBe($"http://localhost:5080/telephony/calls/{call.CallId}/digits");
        placed.GetRawText().ShouldNotContain(call.Digits);

        var file = Path.Combine(api.DataDirectory, "outbox", $"{call.CallId}.json");
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await api.RowsAsync("select data::text from directory.mt_doc_phonecall where id = $1", call.CallId))
            .ShouldHaveSingleItem().ShouldNotContain($"\"{call.Digits}\"");
    }

    [Fact]
    public async Task Right_and_wrong_digits_are_delivered_alike_and_told_apart()
    {
        var account = await api.RegisteredAccount();
        var call = await Placed(account);
        (await account.KeyDigits(call.CallId, Telephone.Wrong(call.Digits))).ShouldBe(HttpStatusCode.NoContent);
        (await account.KeyDigits(call.CallId, call.Digits[..5])).ShouldBe(HttpStatusCode.NoContent);
        (await account.KeyDigits(call.CallId, call.Digits)).ShouldBe(HttpStatusCode.NoContent);
        phone.Answers[call.CallId].ShouldBe([false, false, true]);
    }

    [Fact]
    public async Task What_the_gateway_did_not_sign_is_refused()
    {
        var account = await api.RegisteredAccount();
        var call = await Placed(account);
        var body = Telephone.Keyed(call.Digits);
        var now = account.Time.Now;
        var good = api.Sign(body, now);
        string?[] signatures =
        [
            null, "", "t=1", good[..^1], good + "0", good.Replace("v1", "v0", StringComparison.Ordinal), good.Split(',')[1],
            good[..^1] + (good[^1] == '0' ? '1' : '0'),
            api.Sign(body + " ", now),
            api.Sign(body, now).Replace("t=", "t=0", StringComparison.Ordinal),
            api.Sign(body, now + TimeSpan.FromSeconds(301)),
            api.Sign(body, now - TimeSpan.FromSeconds(301)),
        ];
        foreach (var signature in signatures)
            (await api.CallBack(call.CallId, body, signature, account.Time)).ShouldRefuse(403, "invalid-proof");
        phone.Answers.ShouldNotContainKey(call.CallId);

        (await api.CallBack(call.CallId, body, api.Sign(body, now - TimeSpan.FromSeconds(295)), account.Time)).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_signature_serves_once_also_when_it_comes_many_times_at_once()
    {
        var account = await api.RegisteredAccount();
        var call = await Placed(account);
        var body = Telephone.Keyed(call.Digits);
        var signature = api.Sign(body, account.Time.Now);
        var replies = await Scenarios.AtOnce(8, _ => api.CallBack(call.CallId, body, signature, account.Time));
        replies.Select(reply => reply.Status).Order().ShouldBe([204, 403, 403, 403, 403, 403, 403, 403]);
        phone.Answers[call.CallId].ShouldBe([true]);
    }

    [Fact]
    public async Task A_signed_answer_to_no_call_finds_none_and_what_is_no_digits_is_a_fault()
    {
        var account = await api.RegisteredAccount();
        (await account.KeyDigits(Guid.CreateVersion7(), "123456")).ShouldRefuse(404, "not-found");
        const string letters = """{"digits":"12x456"}""";
        (await api.CallBack(Guid.CreateVersion7(), letters, api.Sign(letters, account.Time.Now), account.Time)).ShouldFindFault("digits");
        (await api.CallBack(Guid.CreateVersion7(), "[", null, account.Time)).ShouldRefuse(400, "malformed-request");
    }

    [Fact]
    public async Task An_answer_that_could_not_be_taken_may_be_sent_again()
    {
        var account = await api.RegisteredAccount();
        var call = await Placed(account);
        var body = Telephone.Keyed(call.Digits);
        var signature = api.Sign(body, account.Time.Now);
        phone.Failing[call.CallId] = true;
        (await api.CallBack(call.CallId, body, signature, account.Time)).ShouldRefuse(500, "unexpected");
        phone.Failing.Clear();
        (await api.CallBack(call.CallId, body, signature, account.Time)).ShouldBe(HttpStatusCode.NoContent);
        (await api.CallBack(call.CallId, body, signature, account.Time)).ShouldRefuse(403, "invalid-proof");
    }

    [Fact]
    public async Task An_answer_whose_node_died_before_it_was_taken_is_taken_when_it_comes_again_and_once()
    {
        var account = await api.RegisteredAccount();
        var call = await Placed(account);
        var body = Telephone.Keyed(call.Digits);
        var signature = api.Sign(body, account.Time.Now);
        await Seen(signature, call.CallId);
        var replies = await Scenarios.AtOnce(4, _ => api.CallBack(call.CallId, body, signature, account.Time));
        replies.Select(reply => reply.Status).Order().ShouldBe([204, 403, 403, 403]);
        phone.Answers[call.CallId].ShouldBe([true]);
    }

    [Fact]
    public async Task A_signature_that_came_for_one_call_serves_no_other()
    {
        var account = await api.RegisteredAccount();
        var (first, second) = (await Placed(account), await Placed(account));
        var body = Telephone.Keyed(second.Digits);
        var signature = api.Sign(body, account.Time.Now);
        await Seen(signature, first.CallId);
        (await api.CallBack(second.CallId, body, signature, account.Time)).ShouldRefuse(403, "invalid-proof");
        phone.Answers.ShouldNotContainKey(second.CallId);
    }

    [Fact]
    public async Task In_Development_digits_can_be_keyed_without_a_gateway()
    {
        var account = await api.RegisteredAccount();
        var call = await Placed(account);
        var path = $"/development/calls/{call.CallId}/digits";
        var somebody = account.Stranger();
        (await somebody.Post(path, new { digits = Telephone.Wrong(call.Digits) })).ShouldBe(HttpStatusCode.NoContent);
        (await somebody.Post(path, new { digits = Telephone.Wrong(call.Digits) })).ShouldBe(HttpStatusCode.NoContent);
        (await somebody.Post(path, new { digits = call.Digits })).ShouldBe(HttpStatusCode.NoContent);
        (await somebody.Post(path, new { })).ShouldFindFault("digits");
        phone.Answers[call.CallId].ShouldBe([false, false, true]);
    }

    [Fact]
    public async Task A_call_that_comes_too_late_rings_nobody()
    {
        var account = await api.RegisteredAccount();
        var call = await Prepared(account, DateTimeOffset.UtcNow - TimeSpan.FromMinutes(11));
        await api.HandleAsync(account.Id, call.Message);
        File.Exists(Path.Combine(api.DataDirectory, "outbox", $"{call.CallId}.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task What_is_over_is_forgotten_and_what_may_still_serve_is_not()
    {
        var account = await api.RegisteredAccount();
        var (old, young) = (await Prepared(account, DateTimeOffset.UtcNow - TimeSpan.FromHours(25)), await Prepared(account, DateTimeOffset.UtcNow));
        await api.HandleAsync(account.Id, new ForgetCalls(DateTimeOffset.UtcNow));
        (await api.RowsAsync("select id from directory.mt_doc_phonecall where id = any($1)", new[] { old.CallId, young.CallId }))
            .ShouldBe([young.CallId.ToString()]);
    }

    // As a node leaves it that is killed right after.
    private async Task Seen(string signature, Guid callId)
    {
        await using var directory = api.Services.GetRequiredService<IDirectoryStore>().LightweightSession();
        directory.Insert(new SeenSignature(TelephonySignature.Parse(signature)!.SeenId(), DateTimeOffset.UtcNow, callId));
        await directory.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    private async Task<PreparedCall> Placed(OpenAccount account)
    {
        var call = await Prepared(account, account.Time.Now);
        await api.HandleAsync(account.Id, call.Message);
        return call;
    }

    private Task<PreparedCall> Prepared(OpenAccount account, DateTimeOffset at) => api.Services.GetRequiredService<Calls>().PrepareAsync(
        account.Id, CallPurpose.CaseEvidence, "case:none", 1, PhoneNumberKind.OnFile, at, TestContext.Current.CancellationToken);

    /// <summary>A host whose calls are about nothing: who keyed what is noted.</summary>
    public sealed class PhoneHost(TestRun run) : IAsyncLifetime, IAnsweredByPhone
    {
        public ConcurrentDictionary<Guid, List<bool>> Answers { get; } = new();

        public ConcurrentDictionary<Guid, bool> Failing { get; } = new();

        public MfaHost Host { get; private set; } = null!;

        public CallPurpose Purpose => CallPurpose.CaseEvidence;

        public async Task AnsweredAsync(PhoneAnswer answer, HttpContext http, DateTimeOffset now)
        {
            var id = answer.Call.Id;
            if (Failing.ContainsKey(id)) throw new InvalidOperationException("It fails.");
            await using var session = Host.Store.LightweightSession(answer.Call.AccountId);
            answer.TakeIn(session);
            await session.SaveChangesAsync(http.RequestAborted);
            Answers.GetOrAdd(id, _ => []).Add(answer.IsRight);
        }

        public async ValueTask InitializeAsync() => Host = await run.StartHostAsync("mfa_phone", services: services =>
        {
            services.RemoveAll<IAnsweredByPhone>();
            services.AddSingleton<IAnsweredByPhone>(this);
        });

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}

/// <summary>Calls through a gateway that speaks HTTP.</summary>
public sealed class GatewayTests(TestRun run)
{
    private const string Secret = "a secret that the gateway and we share";

    [Fact]
    public async Task A_gateway_is_asked_and_asked_again_while_it_is_away()
    {
        await using var gateway = await Gateway.StartAsync();
        gateway.Statuses.Enqueue(503);
        await using var host = await StartAsync("mfa_gateway", gateway);
        var account = await host.RegisteredAccount();
        var call = await Published(host, account);

        await Scenarios.Eventually(() => Task.FromResult(gateway.Requests.Count == 2), "the gateway is asked twice");
        gateway.Requests.Select(request => request.Body).Distinct().ShouldHaveSingleItem();
        var (path, authorization, body) = gateway.Requests.First();
        path.ShouldBe("/v1/calls");
        authorization.ShouldBe("Bearer a token of the gateway");
        var order = JsonElement.Parse(body);
        order.EnumerateObject().Select(member => member.Name).ShouldBe(["callId", "number", "say", "digits", "callback"]);
        order.GetProperty("callId").GetGuid().ShouldBe(call.CallId);
        order.GetProperty("number").GetString().ShouldBe(account.Phone);
        order.GetProperty("digits").GetInt32().ShouldBe(6);
        order.GetProperty("callback").GetString().ShouldBe($"https://mfa.example.com/telephony/calls/{call.CallId}/digits");
        body.ShouldNotContain(call.Digits);
    }

    [Fact]
    public async Task What_a_gateway_refuses_for_good_is_a_dead_letter_that_names_nobody()
    {
        await using var gateway = await Gateway.StartAsync();
        gateway.Statuses.Enqueue(422);
        await using var host = await StartAsync("mfa_gateway_refuses", gateway);
        var account = await host.RegisteredAccount();
        await Published(host, account);

        Reply? letters = null;
        await Scenarios.Eventually(
            async () => (letters = await host.A("operator").Get("/dead-letters")).Text.Contains("PlaceCall", StringComparison.Ordinal), "a dead letter");

        letters!.Text.ShouldContain("The telephony gateway refused a call");
        letters.Text.ShouldNotContain(account.Phone);
        gateway.Requests.Count.ShouldBe(1);
    }

    private Task<MfaHost> StartAsync(string name, Gateway gateway) => run.StartHostAsync(name, new Dictionary<string, string>
    {
        ["MfaEvents:PublicUrl"] = "https://mfa.example.com",
        ["MfaEvents:Telephony:Gateway"] = gateway.Address + "/v1/",
        ["MfaEvents:Telephony:Token"] = "a token of the gateway",
        ["MfaEvents:Telephony:Secret"] = Secret,
    });

    private static async Task<PreparedCall> Published(MfaHost host, OpenAccount account)
    {
        var call = await host.Services.GetRequiredService<Calls>().PrepareAsync(
            account.Id, CallPurpose.Recovery, "recovery:none", 1, PhoneNumberKind.OnFile, DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);
        await using var scope = host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(call.Message, new DeliveryOptions { TenantId = account.Id });
        return call;
    }

    /// <summary>A gateway on loopback that notes what it is asked.</summary>
    private sealed class Gateway(WebApplication app) : IAsyncDisposable
    {
        public ConcurrentQueue<int> Statuses { get; } = new();

        public ConcurrentQueue<(string Path, string Authorization, string Body)> Requests { get; } = new();

        public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

        public static async Task<Gateway> StartAsync()
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.Logging.ClearProviders();
            builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var gateway = new Gateway(app);
            app.Run(async context =>
            {
                using var reader = new StreamReader(context.Request.Body);
                var body = await reader.ReadToEndAsync();
                context.Response.StatusCode = gateway.Statuses.TryDequeue(out var status) ? status : 202;
                gateway.Requests.Enqueue((context.Request.Path.Value!, context.Request.Headers.Authorization.ToString(), body));
            });
            await app.StartAsync();
            return gateway;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
