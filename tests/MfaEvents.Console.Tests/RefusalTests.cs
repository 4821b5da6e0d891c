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
    public async Task A_page_that_is_refused_has_the_status_of_what_refused_it()
    {
        var account = await OwnedAccount.RegisterAsync(run.Server);
        var other = await OwnedAccount.RegisterAsync(run.Server);
        await using var owner = await run.VisitAsync();
        await owner.SignInAsync(other);
        await owner.SeesAsync("Security credentials");
        foreach (var (path, status) in ((string, int)[])
        [
            ($"/console/accounts/{other.Id}/audit", 200), ($"/console/accounts/{other.Id}/audit?cursor=x", 400),
            ($"/console/accounts/{account.Id}/audit", 404), (account.Credentials, 404), ($"{account.Credentials}/timeline", 404),
            ($"/console/accounts/{account.Id}", 404), ($"/console/accounts/{account.Id}/what-if", 403), ("/console/operations", 403), ("/console/cases", 403),
            ($"/console/what-if/{Guid.NewGuid()}", 403), ($"/console/operations/rebuilds/{Guid.NewGuid()}", 403),
        ])
            (await owner.Page.GotoAsync(path))!.Status.ShouldBe(status, path);

        using var stranger = new CookieClient(run.Server.Api.Address);
        foreach (var path in (string[])["/console/audit", "/console/cases", "/console/operations", $"/console/accounts/{account.Id}/what-if", account.Credentials])
            (await stranger.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.Redirect, path);

        await owner.PressAsync("Sign out");
        await owner.SeesAsync("Sign in");
        await owner.FillAsync("E-mail address", other.Email);
        await owner.FillAsync("Password", "not the password");
        (await owner.Page.RunAndWaitForResponseAsync(() => owner.PressAsync("Sign in"), answer => answer.Request.Method == "POST")).Status.ShouldBe(403);
        await owner.FillAsync("Password", Scenario.Password);
        await owner.PressAsync("Sign in");
        await owner.SeesAsync("Security credentials");
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
