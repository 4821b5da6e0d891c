using System.Text.RegularExpressions;

namespace MfaEvents.SystemTests;

/// <summary>What the README promises, with the commands of the README.</summary>
public sealed partial class TourTests(TourTests.OpsRun run) : IClassFixture<TourTests.OpsRun>
{
    [Fact]
    public void The_banner_of_ops_run_says_where_things_are()
    {
        run.Server.Output.ShouldContain($"address         {run.Server.Api.Address}");
        run.Server.Output.ShouldContain($"API page        {run.Server.Api.Address}/api");
        run.Server.Output.ShouldContain($"data directory  {run.Folder.Data}");
        run.Server.Output.ShouldContain("database        embedded PostgreSQL");
    }

    [Theory]
    [InlineData("/api", "<html")]
    [InlineData("/openapi/v1.json", "\"openapi\"")]
    public async Task The_pages_that_the_banner_and_the_README_name_are_there(string path, string content)
    {
        var curl = await Command.RunAsync("curl", "-fsSL", run.Server.Api.Address + path);
        curl.Succeeded().ShouldContain(content, Case.Insensitive);
    }

    [Fact]
    public async Task The_token_command_of_the_banner_works()
    {
        var command = TokenCommand().Match(run.Server.Output).Groups[1].Value.Trim();
        var token = await Command.RunAsync(run.Environment, "bash", "-c", command);
        var registration = Scenario.Registration(Scenario.NewEmail());
        (await run.Server.Api.PostAsync("/accounts", token.Succeeded().Trim(), registration)).ShouldBe(201);
    }

    [Fact]
    public async Task The_tour_of_the_README_runs_as_pasted()
    {
        var tour = Tour().Match(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), Stop)).Groups[1].Value;
        tour.ShouldNotBeEmpty();

        var environment = run.Environment.With("MFA_EVENTS", run.Server.Api.Address).With("TMPDIR", run.Folder.Path);
        var bash = await Command.RunAsync(environment, "bash", [], tour);

        bash.Succeeded();
        bash.Error.ShouldBeEmpty();
        TestContext.Current.TestOutputHelper!.WriteLine(bash.Output);
        var rest = new Queue<string>(bash.Output.Split('\n'));
        string Next(string containing)
        {
            while (rest.TryDequeue(out var line))
                if (line.Contains(containing, StringComparison.Ordinal)) return line;
            throw new InvalidOperationException($"No {containing} where the tour promises it:\n{bash.Output}");
        }

        // 4 to 6: activated, asked for a code at the sign-in, and that code refused when it comes again.
        JsonNode.Parse(Next("status"))!["status"]!.ToString().ShouldBe("active");
        var device = JsonNode.Parse(Next("deviceId"))![0]!["deviceId"]!.ToString();
        JsonNode.Parse(Next("urn:mfaevents:problem:"))!["type"]!.ToString().ShouldEndWith(":invalid-authentication-code");

        // 7 and 8: its new name, and the list with it.
        var renamed = JsonNode.Parse(Next("new-phone"))!;
        renamed["deviceId"]!.ToString().ShouldBe(device);
        Next("\"devices\": [");
        Next(device);
        Next("\"deviceName\": \"new-phone\"");
        Next("\"status\": \"active\"");

        // 9: the history, with the status of the device after each event.
        Next("[1,\"principal_created\"]");
        Next("[2,\"signed_in\"]");
        Next("[3,\"device_assigned\",\"pending\"]");
        Next("[4,\"device_activated\",\"active\"]");
        Next("[5,\"sessions_ended\",\"active\"]");
        Next("[6,\"code_accepted\",\"active\"]");
        Next("[7,\"signed_in\",\"active\"]");
        Next("[8,\"code_rejected\",\"active\"]");
        Next("[9,\"device_renamed\",\"active\"]");

        // 10: the audit trail, complete up to an instant, newest first.
        var upTo = DateTimeOffset.Parse(JsonNode.Parse(Next("\""))!.ToString(), null);
        (DateTimeOffset.UtcNow - upTo).Duration().ShouldBeLessThan(TimeSpan.FromMinutes(1));
        Next("\"device_removed\",\"new-phone\"");
        Next("\"device_renamed\"");
        Next("\"code_rejected\"");

        // 3: the picture.
        var zbarimg = await Command.RunAsync("zbarimg", "-q", "--raw", run.Folder["mfa-qr.png"]);
        zbarimg.Succeeded().ShouldStartWith("otpauth://totp/");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [GeneratedRegex(@"a token\s+(.*)")]
    private static partial Regex TokenCommand();

    [GeneratedRegex(@"<!-- tour -->\s*```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Tour();

    /// <summary>The server by <c>ops/run</c> itself.</summary>
    public sealed class OpsRun : IAsyncLifetime
    {
        public TestFolder Folder { get; } = new();

        public ServerProcess Server { get; private set; } = null!;

        public Settings Environment => Settings.None.With("MfaEvents__DataDirectory", Folder.Data);

        public async ValueTask InitializeAsync() =>
            Server = await ServerProcess.StartAsync(Repository.Ops("run"), [], Folder.Data);

        public async ValueTask DisposeAsync()
        {
            (await Server.StopAsync()).ShouldBe(0);
            await Server.DisposeAsync();
            Folder.Dispose();
        }
    }
}
