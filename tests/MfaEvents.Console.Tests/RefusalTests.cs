using System.Net;

namespace MfaEvents.ConsoleTests;

/// <summary>What people read where there is no page for them.</summary>
public sealed class RefusalTests(ConsoleRun run)
{
    [Fact]
    public async Task Whoever_comes_to_a_page_that_is_not_there_reads_so()
    {
        await using var lost = await run.VisitAsync();
        await lost.GoAsync("/console/nothing");
        await lost.SeesAsync("There is no such page");
        await lost.LookAsync("lost");
        await lost.FollowAsync("To the console");
        await lost.SeesAsync("Sign in");
        await lost.FollowAsync("IAM user");
        await lost.LookAsync("sign-in-user");
    }

    [Fact]
    public async Task Whoever_comes_to_a_page_that_fails_can_tell_the_operator_which()
    {
        using var folder = new TestFolder();
        await using var server = await ServerProcess.StartAsync(folder.Data);
        await using var unlucky = await run.VisitAsync(server: server);
        await unlucky.GoAsync("/console/development");
        await unlucky.SeesAsync("Mailbox and phone");

        var outbox = Directory.CreateDirectory(Path.Combine(folder.Data, "outbox"));
        await File.WriteAllTextAsync(Path.Combine(outbox.FullName, "torn.json"), "{", TestContext.Current.CancellationToken);
        await unlucky.GoAsync("/console/development");
        await unlucky.SeesAsync("This did not work");
        var trace = await unlucky.Alert.Locator("code").InnerTextAsync();
        trace.Length.ShouldBe(32);
        server.Output.ShouldContain($"(trace {trace})");
        (await unlucky.Alert.InnerTextAsync()).ShouldNotContain("JsonException");
        await unlucky.LookAsync("failed");
    }

    [Fact]
    public async Task In_production_whoever_comes_without_TLS_is_told_what_is_missing()
    {
        using var folder = new TestFolder();
        await using var server = await ServerProcess.StartAsync(folder.Data, run.Issuer.Settings.InProduction);
        using var plain = new CookieClient(server.Api.Address);
        foreach (var path in (string[])["/console", "/console/sign-in", "/console/staff/0", "/console/staff/0/callback?code=x&state=x"])
        {
            var answer = await plain.GetAsync(path);
            answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("The console is served over https alone.");
        }

        plain.Cookies.ShouldBeEmpty();
        (await plain.GetAsync("/.well-known/jwks.json")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
