namespace MfaEvents.SystemTests;

/// <summary>The node that was asked for a what-if dies (SIGKILL) as soon as it has promised it: the other one plays it to its end, once.</summary>
public sealed class WhatIfDeathTests : IAsyncLifetime
{
    private readonly Service service = new();

    public ValueTask InitializeAsync() => service.InitializeAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task What_was_promised_is_found_by_the_other_node()
    {
        await using var killed = await service.StartNodeAsync();
        await using var other = await service.StartNodeAsync();
        var account = await killed.RegisterAsync();
        await account.ActivateAsync("phone");
        var auditor = await killed.TokenAsync("--role", "auditor");

        var asked = (await account.Api.PostAsync($"{account.Path}/what-if", auditor, new() { ["suspendAt"] = 1, ["signInWindow"] = 0 })).ShouldBe(202);
        await killed.KillAsync();

        account = account.On(other);
        Reply? job = null;
        await Eventually.Holds("the what-if has ended", TimeSpan.FromSeconds(60), async () =>
            (job = (await account.Api.GetAsync(asked.Location!, auditor)).ShouldBe(200))["state"] != "running");
        job!["state"].ShouldBe("succeeded");
        job["attempts"].ShouldBe("1");
        job["eventsDone"].ShouldBe(job["eventsTotal"]);
        (await account.Api.PostAsync($"{account.Path}/what-if", auditor, [])).ShouldBe(202);
    }
}
