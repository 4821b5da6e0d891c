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
        BegunRecovery recovery;
        string account;
        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            var provisioner = await server.TokenAsync("--role", "provisioner");
            account = (await server.Api.PostAsync("/accounts", provisioner, Scenario.Registration(email))).ShouldBe(201)["accountId"]!;
            await (await server.OwnerOfAsync(account)).ActivateAsync("lost");
            using var http = new Stranger(server.Api.Address);
            var signIn = (await http.PostAsync("/sign-ins", new() { ["email"] = email, ["password"] = Scenario.Password })).ShouldBe(201);
            var begun = (await http.PostAsync(
                "/recoveries", new() { ["signInId"] = signIn["signInId"] }, ("Sign-In-Key", signIn["signInKey"]!))).ShouldBe(201);
            recovery = new BegunRecovery(begun["recoveryId"]!, begun["recoveryKey"]!, folder.Data);

            // The mail may be on its way, or not sent yet.
            await server.KillAsync();
        }

        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            using var http = new Stranger(server.Api.Address);
            var token = await recovery.LinkAsync("recovery-email");
            (await recovery.PostAsync(http, "email-proofs", new() { ["token"] = token }))["step"].ShouldBe("phone");
            await server.KillAsync();
        }

        Reply call;
        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            using var http = new Stranger(server.Api.Address);
            (await recovery.StepAsync(http)).ShouldBe("phone");
            call = (await recovery.PostAsync(http, "calls")).ShouldBe(201);
            await server.KillAsync();
        }

        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            using var http = new Stranger(server.Api.Address);
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
            using var http = new Stranger(server.Api.Address);
            var token = (await recovery.PostAsync(http, "completion")).ShouldBe(200)["accessToken"]!;
            await server.KillAsync();
            await Postgres.IsGone(folder.Data);

            await using var again = await ServerProcess.StartAsync(folder.Data);
            using var other = new Stranger(again.Api.Address);
            (await recovery.StepAsync(other)).ShouldBe("completed");
            (await recovery.PostAsync(other, "completion")).ShouldBe(409).Slug.ShouldBe("recovery-state");
            (await again.Api.GetAsync($"/accounts/{account}/principals/root/mfa-devices", token)).ShouldBe(200).Body!["devices"]!.AsArray().Count.ShouldBe(1);
            var owner = await again.OwnerOfAsync(account);
            var history = await owner.HistoryAsync();
            history.Count(item => item!["eventType"]!.ToString() == "recovery_verified").ShouldBe(1);

            // Nobody lost the way to say that it was not them, and what the thief added goes, by the clock of every day.
            var thiefs = new JsonObject { ["deviceName"] = "thiefs", ["deviceType"] = "virtual" };
            (await again.Api.PostAsync($"/accounts/{account}/principals/root/mfa-devices", token, thiefs)).ShouldBe(201);
            (await other.PostAsync($"/recoveries/{recovery.Id}/repudiation", new() { ["token"] = await recovery.LinkAsync("repudiation") })).ShouldBe(204);
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
}
