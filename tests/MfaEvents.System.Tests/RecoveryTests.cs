using System.Text;
using System.Text.RegularExpressions;

namespace MfaEvents.SystemTests;

/// <summary>A root user gets in without a device, although the server dies (SIGKILL) after each step of it.</summary>
public sealed class RecoveryTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Kill_minus_nine_after_each_step_loses_none_of_them()
    {
        var email = Scenario.NewEmail();
        Recovery recovery;
        string account;
        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            var provisioner = await server.TokenAsync("--role", "provisioner");
            account = (await server.Api.PostAsync("/accounts", provisioner, Scenario.Registration(email))).ShouldBe(201)["accountId"]!;
            await (await server.OwnerOfAsync(account)).ActivateAsync("lost");
            using var http = new Client(server.Api.Address);
            var signIn = (await http.PostAsync("/sign-ins", new() { ["email"] = email, ["password"] = Scenario.Password })).ShouldBe(201);
            var begun = (await http.PostAsync(
                "/recoveries", new() { ["signInId"] = signIn["signInId"] }, ("Sign-In-Key", signIn["signInKey"]!))).ShouldBe(201);
            recovery = new Recovery(begun["recoveryId"]!, begun["recoveryKey"]!);

            // The mail may be on its way, or not sent yet.
            await server.KillAsync();
        }

        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            using var http = new Client(server.Api.Address);
            var token = await TokenAsync(recovery);
            (await recovery.PostAsync(http, "email-proofs", new() { ["token"] = token }))["step"].ShouldBe("phone");
            await server.KillAsync();
        }

        Reply call;
        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            using var http = new Client(server.Api.Address);
            (await recovery.StepAsync(http)).ShouldBe("phone");
            call = (await recovery.PostAsync(http, "calls")).ShouldBe(201);
            await server.KillAsync();
        }

        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            using var http = new Client(server.Api.Address);
            var file = Path.Combine(folder.Data, "outbox", call["callId"] + ".json");
            await Eventually.Holds("the call is placed", TimeSpan.FromSeconds(60), () => Task.FromResult(File.Exists(file)));

            // The server that placed it may be the one that died: where this one is reached, is told.
            var here = Settings.None.With("MfaEvents__DataDirectory", folder.Data).With("MFA_EVENTS", server.Api.Address);
            var wrong = call["digits"] == "000000" ? "000001" : "000000";
            (await Command.RunAsync(here, Repository.Ops("phone"), call["callId"]!, wrong)).Succeeded().ShouldBeEmpty();
            (await recovery.StepAsync(http)).ShouldBe("phone");
            (await Command.RunAsync(here, Repository.Ops("phone"), call["callId"]!, call["digits"]!)).Succeeded().ShouldBeEmpty();
            (await recovery.StepAsync(http)).ShouldBe("verified");
            await server.KillAsync();
        }

        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            using var http = new Client(server.Api.Address);
            var token = (await recovery.PostAsync(http, "completion")).ShouldBe(200)["accessToken"]!;
            await server.KillAsync();
            await Postgres.IsGone(folder.Data);

            await using var again = await ServerProcess.StartAsync(folder.Data);
            using var other = new Client(again.Api.Address);
            (await recovery.StepAsync(other)).ShouldBe("completed");
            (await recovery.PostAsync(other, "completion")).ShouldBe(409).Slug.ShouldBe("recovery-state");
            (await again.Api.GetAsync($"/accounts/{account}/principals/root/mfa-devices", token)).ShouldBe(200).Body!["devices"]!.AsArray().Count.ShouldBe(1);
            var owner = await again.OwnerOfAsync(account);
            var history = await owner.HistoryAsync();
            history.Count(item => item!["eventType"]!.ToString() == "recovery_verified").ShouldBe(1);

            // Nobody lost the way to say that it was not them, and what the thief added goes, by the clock of every day.
            var thiefs = new JsonObject { ["deviceName"] = "thiefs", ["deviceType"] = "virtual" };
            (await again.Api.PostAsync($"/accounts/{account}/principals/root/mfa-devices", token, thiefs)).ShouldBe(201);
            var mail = await File.ReadAllTextAsync(MailOf(recovery), TestContext.Current.CancellationToken);
            (await other.PostAsync($"/recoveries/{recovery.Id}/repudiation", new() { ["token"] = Link(mail, "repudiation") })).ShouldBe(204);
            (await again.Api.GetAsync($"/accounts/{account}/principals/root/mfa-devices", token)).ShouldBe(401);
            (await recovery.StepAsync(other)).ShouldBe("repudiated");
            var left = (await again.Api.GetAsync($"{owner.Path}/principals/root/mfa-devices", owner.Token)).ShouldBe(200).Body!["devices"]!.AsArray();
            left.ShouldHaveSingleItem()!["deviceName"]!.ToString().ShouldNotBe("thiefs");
        }
    }

    [Fact]
    public async Task Ops_phone_says_in_one_sentence_what_it_cannot_do()
    {
        var settings = Settings.None.With("MfaEvents__DataDirectory", folder.Data);
        (await Command.RunAsync(settings, Repository.Ops("phone"))).Sentence.ShouldStartWith("usage: ops/phone");
        (await Command.RunAsync(settings, Repository.Ops("phone"), Guid.NewGuid().ToString(), "12x")).Sentence.ShouldStartWith("usage: ops/phone");
        (await Command.RunAsync(settings, Repository.Ops("phone"), Guid.NewGuid().ToString(), "123456")).Sentence.ShouldStartWith("There is no call");
        (await Command.RunAsync(settings.With("ASPNETCORE_ENVIRONMENT", "Production"), Repository.Ops("phone"), Guid.NewGuid().ToString(), "123456"))
            .Sentence.ShouldContain("Development");
    }

    private string MailOf(Recovery recovery) => Path.Combine(folder.Data, "outbox", $"recovery.{recovery.Id}.eml");

    private async Task<string> TokenAsync(Recovery recovery)
    {
        await Eventually.Holds("the mail is sent", TimeSpan.FromSeconds(60), () => Task.FromResult(File.Exists(MailOf(recovery))));
        return Link(await File.ReadAllTextAsync(MailOf(recovery), TestContext.Current.CancellationToken), "recovery-email");
    }

    // Quoted-printable: a line ends with "=" where it goes on, and "=3D" is "=".
    private static string Link(string mail, string page) => Regex.Match(
        Regex.Replace(mail, "=\r?\n", "").Replace("=3D", "=", StringComparison.Ordinal),
        $@"/links/{page}\?token=([0-9]{{12}}\.[A-Za-z0-9_-]{{43}})").Groups[1].Value;

    private sealed record Recovery(string Id, string Key)
    {
        public Task<Reply> PostAsync(Client http, string what, JsonObject? body = null) =>
            http.PostAsync($"/recoveries/{Id}/{what}", body, ("Recovery-Key", Key));

        public async Task<string?> StepAsync(Client http) =>
            (await http.SendAsync(HttpMethod.Get, $"/recoveries/{Id}", null, ("Recovery-Key", Key))).ShouldBe(200)["step"];
    }

    /// <summary>Somebody without a token.</summary>
    private sealed class Client(string address) : IDisposable
    {
        private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address) };

        public Task<Reply> PostAsync(string path, JsonObject? body, params (string Name, string Value)[] headers) =>
            SendAsync(HttpMethod.Post, path, body, headers);

        public async Task<Reply> SendAsync(HttpMethod method, string path, JsonObject? body, params (string Name, string Value)[] headers)
        {
            using HttpRequestMessage request = new(method, path);
            foreach (var (name, value) in headers) request.Headers.Add(name, value);
            if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return new Reply((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
        }

        public void Dispose() => http.Dispose();
    }
}
