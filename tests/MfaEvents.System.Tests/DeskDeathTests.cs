using System.Globalization;
using Npgsql;

namespace MfaEvents.SystemTests;

/// <summary>The node that a case was worked on dies (SIGKILL): the removal happens once, at its time, on the other one.</summary>
public sealed class DeskDeathTests : IAsyncLifetime
{
    private readonly OtherDatabase database = new();
    private readonly TestFolder keys = new();

    public ValueTask InitializeAsync() => database.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        keys.Dispose();
    }

    [Fact]
    public async Task A_removal_whose_node_is_killed_in_the_cooling_off_happens_once_and_at_its_time_on_the_other()
    {
        var settings = database.Settings.With("MfaEvents__Support__CoolingOff", "00:00:25");
        await using var killed = await ServerProcess.StartAsync(keys.Data, settings);
        await using var other = await ServerProcess.StartAsync(keys.Data, settings);
        var account = await killed.RegisterAsync();
        await account.ActivateAsync("phone");
        await account.AssignAsync("tablet");
        var (agent, approver) = (await TokenAsync(killed, "support-agent", "ann"), await TokenAsync(killed, "support-approver", "bob"));

        var found = await OpenAsync(account, agent);
        await StepAsync(account, agent, found, "evidence", new() { ["kind"] = "inPerson", ["note"] = "seen" }, 201);
        await StepAsync(account, agent, found, "evidence", new() { ["kind"] = "identityDocument", ["note"] = "seen" }, 201);
        await StepAsync(account, agent, found, "removal-request", new() { ["justification"] = "lost" }, 200);
        var approved = await StepAsync(account, approver, found, "approval", new() { ["note"] = "yes" }, 200);
        await killed.KillAsync();

        account = account.On(other);
        var due = DateTimeOffset.Parse(approved["executesAt"]!, CultureInfo.InvariantCulture);
        (await CaseAsync(account, approver, found))["state"].ShouldBe("coolingOff");
        await Eventually.Holds("the removal is executed", TimeSpan.FromSeconds(90), async () =>
            (await CaseAsync(account, approver, found))["state"] == "executed");

        var removals = await RemovalsAsync(account);
        var late = removals.ShouldHaveSingleItem() - due;
        TestContext.Current.TestOutputHelper!.WriteLine($"executed {late.TotalSeconds:F1} s after it was due");
        late.ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromSeconds(20));
        (await account.Api.GetAsync(account.Devices(), account.Token)).ShouldBe(200).Body!["devices"]!.AsArray().ShouldBeEmpty();

        // Due messages are looked for every five seconds: a second removal would have come.
        await Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        (await RemovalsAsync(account)).ShouldHaveSingleItem();
        (await RowsAsync("select id::text from wolverine.wolverine_dead_letters")).ShouldBeEmpty();
        (await StepAsync(account, approver, found, "enrolment-code", [], 201))["code"].ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_node_that_is_killed_after_any_step_loses_nothing_that_it_acknowledged()
    {
        var settings = database.Settings.With("MfaEvents__Support__CoolingOff", "00:00:01");
        var (agent, approver) = ("", "");
        TestAccount? account = null;
        string? found = null;
        (string Step, JsonObject Body, int Status, bool Approver)[] steps =
        [
            ("evidence", new() { ["kind"] = "inPerson", ["note"] = "seen" }, 201, false),
            ("evidence", new() { ["kind"] = "knowledge", ["note"] = "knew" }, 201, false),
            ("removal-request", new() { ["justification"] = "lost" }, 200, false),
            ("approval", new() { ["note"] = "yes" }, 200, true),
        ];
        foreach (var (number, (step, body, status, byApprover)) in steps.Index())
        {
            await using var node = await ServerProcess.StartAsync(keys.Data, settings);
            if (number == 0)
            {
                account = await node.RegisterAsync();
                await account.AssignAsync("phone");
                (agent, approver) = (await TokenAsync(node, "support-agent", "ann"), await TokenAsync(node, "support-approver", "bob"));
                found = await OpenAsync(account, agent);
            }

            account = account!.On(node);
            await StepAsync(account, byApprover ? approver : agent, found!, step, body, status);
            await node.KillAsync();
        }

        await using var last = await ServerProcess.StartAsync(keys.Data, settings);
        account = account!.On(last);
        await Eventually.Holds("the removal is executed", TimeSpan.FromSeconds(90), async () =>
            (await CaseAsync(account, approver, found!))["state"] == "executed");
        string[] story = [.. (await CaseAsync(account, approver, found!)).Body!["story"]!.AsArray().Select(item => item!["eventType"]!.ToString())];
        story.Where(step => step is not ("removal_notice_delivered" or "removal_put_off"))
            .ShouldBe(["case_opened", "evidence_recorded", "evidence_recorded", "removal_requested", "removal_approved", "removal_executed"]);
        story.Count(step => step == "removal_executed").ShouldBe(1);

        // A node that died before the owner was told puts the removal off; it comes after that.
        Array.IndexOf(story, "removal_notice_delivered").ShouldBeInRange(5, story.Length - 2);
        (await account.Api.GetAsync("/cases?state=executed", approver)).ShouldBe(200).Body!["items"]!.AsArray().Count.ShouldBe(1);
    }

    private static Task<string> TokenAsync(ServerProcess server, string role, string name) =>
        server.TokenAsync("--role", role, "--name", name);

    private static async Task<string> OpenAsync(TestAccount account, string agent)
    {
        var body = new JsonObject { ["reason"] = "phone stolen", ["reference"] = "T-1" };
        return (await account.Api.PostAsync($"{account.Principal("root")}/cases", agent, body)).ShouldBe(201).Location!;
    }

    private static async Task<Reply> StepAsync(TestAccount account, string token, string found, string step, JsonObject body, int status) =>
        (await account.Api.PostAsync($"{found}/{step}", token, body)).ShouldBe(status);

    private static async Task<Reply> CaseAsync(TestAccount account, string token, string found) =>
        (await account.Api.GetAsync(found, token)).ShouldBe(200);

    private static async Task<IReadOnlyList<DateTimeOffset>> RemovalsAsync(TestAccount account) =>
    [
        .. (await account.HistoryAsync()).Where(item => item!["eventType"]!.ToString() == "mfa_removed_by_support")
            .Select(item => DateTimeOffset.Parse(item!["occurredAt"]!.ToString(), CultureInfo.InvariantCulture)),
    ];

    private async Task<IReadOnlyList<string>> RowsAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken)) rows.Add(reader.GetString(0));
        return rows;
    }
}
