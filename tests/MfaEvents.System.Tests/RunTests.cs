namespace MfaEvents.SystemTests;

/// <summary>ops/run and the process it starts.</summary>
public sealed class RunTests : IDisposable
{
    private readonly DataDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task The_tour_of_the_README_runs_as_pasted()
    {
        await using var server = await ServerProcess.StartAsync("ops/run", [], data.Path);
        server.IsRunning.ShouldBeTrue(server.Output);

        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), TestContext.Current.CancellationToken);
        var tour = readme.Split("<!-- tour -->")[1].Split("```bash")[1].Split("```")[0];
        var run = await Command.RunAsync("bash", ["-euo", "pipefail", "-c", tour], ("MFA_EVENTS", server.Address), ("MfaEvents__DataDirectory", data.Path), ("TMPDIR", data.Path));

        run.ExitCode.ShouldBe(0, run.Error);
        run.Error.ShouldBe("");
        foreach (var promise in (string[])["{\"status\":\"active\"}", "invalid-authentication-code", "\"deviceName\":\"new-phone\"", "device_removed"])
            run.Output.ShouldContain(promise);
        File.Exists(Path.Combine(data.Path, "mfa-qr.png")).ShouldBeTrue();
        (await server.TerminateAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task It_says_where_things_are()
    {
        await using var server = await ServerProcess.StartAsync(data.Path);
        foreach (var thing in (string[])[server.Address, $"{server.Address}/api", data.Path, "ops/token --role provisioner"])
            server.Output.ShouldContain(thing);
    }

    [Fact]
    public async Task A_second_process_on_the_same_data_is_refused_in_one_sentence()
    {
        await using var first = await ServerProcess.StartAsync(data.Path);
        await using var second = await ServerProcess.StartAsync(data.Path);
        second.IsRunning.ShouldBeFalse();
        second.ExitCode.ShouldBe(1);
        second.Output.ShouldBeOneSentence();
        first.IsRunning.ShouldBeTrue();
    }

    [Fact]
    public async Task It_ends_cleanly_with_its_database_and_its_data_survive()
    {
        string account;
        await using (var first = await ServerProcess.StartAsync(data.Path))
        {
            account = await first.RegisteredAccountAsync();
            (await first.TerminateAsync()).ShouldBe(0);
            File.Exists(Path.Combine(data.Path, "postgres", "postmaster.pid")).ShouldBeFalse();
        }

        await using var second = await ServerProcess.StartAsync(data.Path);
        using var owner = Api.Owner(second, account);
        (await owner.GetAsync($"/accounts/{account}")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("MfaEvents__FreshSignIn", "soon", "MfaEvents:FreshSignIn")]
    [InlineData("MfaEvents__Devices__DeviceLimit", "0", "MfaEvents:Devices:DeviceLimit")]
    [InlineData("MfaEvents__Colour", "blue", "Colour")]
    [InlineData("ConnectionStrings__Mfa", "elephant", "ConnectionStrings:Mfa")]
    [InlineData("MfaEvents__EmbeddedPostgres__Binaries", "/nowhere/at/all", "/nowhere/at/all")]
    public async Task A_wrong_setting_stops_it_with_one_sentence_that_names_it(string setting, string value, string named)
    {
        await using var server = await ServerProcess.StartAsync(data.Path, (setting, value));
        server.IsRunning.ShouldBeFalse();
        server.ExitCode.ShouldBe(1);
        server.Output.ShouldBeOneSentence();
        server.Output.ShouldContain(named);
    }
}

internal static class Sentences
{
    public static void ShouldBeOneSentence(this string output)
    {
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        lines.ShouldHaveSingleItem();
        lines[0].ShouldNotContain("   at ");
    }
}
