using System.Globalization;

namespace MfaEvents.SystemTests;

/// <summary>
/// A recovery whose every step is taken by the other node than the one before, whose clock goes wrong by less than the half minute that
/// a token of our own forgives.
/// </summary>
public sealed class RecoveryOnTwoNodesTests : IAsyncLifetime
{
    private readonly Service service = new();

    public ValueTask InitializeAsync() => service.InitializeAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Theory, InlineData(0), InlineData(25), InlineData(-25)]
    public async Task Each_step_on_the_other_node_gives_a_session_on_both_that_is_taken_back_on_both(int skew)
    {
        var settings = skew == 0 ? service.Settings : await SkewedClock.TryAsync(service.Settings, service.Keys, skew);
        Assert.SkipWhen(settings is null, "A clock can be skewed on Linux with a C compiler.");
        await using var first = await service.StartNodeAsync();
        await using var second = await service.StartNodeAsync(settings);
        using Stranger onFirst = new(first.Api.Address), onSecond = new(second.Api.Address);
        var email = Scenario.NewEmail();
        var provisioner = await first.TokenAsync("--role", "provisioner");
        var account = (await first.Api.PostAsync("/accounts", provisioner, Scenario.Registration(email))).ShouldBe(201)["accountId"]!;
        await (await first.OwnerOfAsync(account)).ActivateAsync("lost");

        var signIn = (await onFirst.PostAsync("/sign-ins", new() { ["email"] = email, ["password"] = Scenario.Password })).ShouldBe(201);
        var begun = (await onSecond.PostAsync(
            "/recoveries", new() { ["signInId"] = signIn["signInId"] }, ("Sign-In-Key", signIn["signInKey"]!))).ShouldBe(201);
        var recovery = new BegunRecovery(begun["recoveryId"]!, begun["recoveryKey"]!, service.Keys.Data);
        (await recovery.PostAsync(onFirst, "email-proofs", new() { ["token"] = await recovery.LinkAsync("recovery-email") }))["step"].ShouldBe("phone");

        var call = (await recovery.PostAsync(onSecond, "calls")).ShouldBe(201);
        var late = DateTimeOffset.Parse(call["expiresAt"]!, CultureInfo.InvariantCulture) - DateTimeOffset.UtcNow - TimeSpan.FromMinutes(10);
        late.TotalSeconds.ShouldBe(skew, tolerance: 10);
        var digits = $"/development/calls/{call["callId"]}/digits";
        (await onFirst.PostAsync(digits, new() { ["digits"] = call["digits"] == "000000" ? "000001" : "000000" })).ShouldBe(204);
        (await recovery.StepAsync(onSecond)).ShouldBe("phone");
        (await onFirst.PostAsync(digits, new() { ["digits"] = call["digits"] })).ShouldBe(204);
        (await recovery.StepAsync(onSecond)).ShouldBe("verified");

        var completions = await Task.WhenAll(recovery.PostAsync(onFirst, "completion"), recovery.PostAsync(onSecond, "completion"));
        completions.Select(reply => reply.Status).Order().ShouldBe([200, 409]);
        var token = completions.Single(reply => reply.Status == 200)["accessToken"]!;
        var devices = $"/accounts/{account}/principals/root/mfa-devices";
        (await first.Api.GetAsync(devices, token)).ShouldBe(200);
        (await second.Api.GetAsync(devices, token)).ShouldBe(200);
        var thiefs = new JsonObject { ["deviceName"] = "thiefs", ["deviceType"] = "virtual" };
        (await second.Api.PostAsync(devices, token, thiefs)).ShouldBe(201);

        (await onFirst.PostAsync($"/recoveries/{recovery.Id}/repudiation", new() { ["token"] = await recovery.LinkAsync("repudiation") })).ShouldBe(204);
        (await recovery.StepAsync(onSecond)).ShouldBe("repudiated");
        (await first.Api.GetAsync(devices, token)).ShouldBe(401);
        (await second.Api.GetAsync(devices, token)).ShouldBe(401);

        // The owner's token is minted by this machine's clock.
        var owner = await first.OwnerOfAsync(account);
        var left = (await first.Api.GetAsync(devices, owner.Token)).ShouldBe(200).Body!["devices"]!.AsArray();
        left.ShouldHaveSingleItem()!["deviceName"]!.ToString().ShouldBe("lost");
        var history = await owner.HistoryAsync();
        history.Count(item => item!["eventType"]!.ToString() == "recovery_verified").ShouldBe(1);
    }
}
