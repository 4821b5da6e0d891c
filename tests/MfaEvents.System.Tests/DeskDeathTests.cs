using System.Globalization;
using System.Net.Http.Json;

namespace MfaEvents.SystemTests;

/// <summary>The node that a case was worked on dies (SIGKILL): the removal happens once, at its time, on the other one.</summary>
public sealed class DeskDeathTests : IAsyncLifetime
{
    private readonly Service service = new();

    public ValueTask InitializeAsync() => service.InitializeAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task A_removal_whose_node_is_killed_in_the_cooling_off_happens_once_and_at_its_time_on_the_other()
    {
        var settings = service.Settings.With("MfaEvents__Support__CoolingOff", "00:00:25");
        await using var killed = await service.StartNodeAsync(settings);
        await using var other = await service.StartNodeAsync(settings);
        var account = await killed.RegisterAsync();
        await account.ActivateAsync("phone");
        await account.AssignAsync("tablet");
        var (agent, approver) = (await TokenAsync(killed, "support-agent", "ann"), await TokenAsync(killed, "support-approver", "bob"));

        var found = await OpenAsync(account, agent);
        await StepAsync(account, agent, found, "evidence", new() { ["kind"] = "inPerson", ["note"] = "seen" }, 201);
        await StepAsync(account, agent, found, "evidence", new() { ["kind"] = "identityDocument", ["note"] = "seen" }, 201);
        await StepAsync(account, agent, found, "removal-request", new() { ["justification"] = "lost" }, 200);
        await StepAsync(account, approver, found, "approval", new() { ["note"] = "yes" }, 200);
        await killed.KillAsync();

        account = account.On(other);
        (await CaseAsync(account, approver, found))["state"].ShouldBe("coolingOff");
        await Eventually.Holds("the removal is executed", TimeSpan.FromSeconds(90), async () =>
            (await CaseAsync(account, approver, found))["state"] == "executed");

        // The owner may have been told late, by the other node: then it was put off.
        var due = DateTimeOffset.Parse((await CaseAsync(account, approver, found))["executesAt"]!, CultureInfo.InvariantCulture);
        var removals = await RemovalsAsync(account);
        var late = removals.ShouldHaveSingleItem() - due;
        TestContext.Current.TestOutputHelper!.WriteLine($"executed {late.TotalSeconds:F1} s after it was due");
        late.ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromSeconds(10));
        (await account.Api.GetAsync(account.Devices(), account.Token)).ShouldBe(200).Body!["devices"]!.AsArray().ShouldBeEmpty();

        // Due messages are looked for every five seconds: a second removal would have come.
        await Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        (await RemovalsAsync(account)).ShouldHaveSingleItem();
        (await service.Database.RowsAsync("select id::text from wolverine.wolverine_dead_letters")).ShouldBeEmpty();
        (await StepAsync(account, approver, found, "enrolment-code", [], 201))["code"].ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_node_that_is_killed_after_any_step_loses_nothing_that_it_acknowledged()
    {
        var settings = service.Settings.With("MfaEvents__Support__CoolingOff", "00:00:01");
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
            await using var node = await service.StartNodeAsync(settings);
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

        await using var last = await service.StartNodeAsync(settings);
        account = account!.On(last);
        await Eventually.Holds("the removal is executed", TimeSpan.FromSeconds(90), async () =>
            (await CaseAsync(account, approver, found!))["state"] == "executed");
        (await StoryAsync(account, approver, found!)).Where(step => step != "removal_put_off").ShouldBe(
        [
            "case_opened", "evidence_recorded", "evidence_recorded", "removal_requested", "removal_approved", "removal_notice_delivered",
            "removal_executed",
        ]);
        (await account.Api.GetAsync("/cases?state=executed", approver)).ShouldBe(200).Body!["items"]!.AsArray().Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task A_node_that_is_killed_at_any_step_did_all_of_it_or_nothing_and_the_queue_says_which(bool answered)
    {
        var settings = service.Settings.With("MfaEvents__Support__CoolingOff", "00:00:10");
        var (agent, approver) = ("", "");
        TestAccount? account = null;
        var (email, found) = (Scenario.NewEmail(), "");
        var kills = 0;
        var server = await service.StartNodeAsync(settings);
        try
        {
            var provisioner = await server.TokenAsync("--role", "provisioner");
            var registered = (await server.Api.PostAsync("/accounts", provisioner, Scenario.Registration(email))).ShouldBe(201);
            account = await server.OwnerOfAsync(registered["accountId"]!);
            await account.AssignAsync("phone");
            (agent, approver) = (await TokenAsync(server, "support-agent", "ann"), await TokenAsync(server, "support-approver", "bob"));

            await KilledOpeningAsync();
            await KilledAsync(agent, "closure", new() { ["note"] = "a mistake" }, "open", "closed");

            await KilledOpeningAsync();
            await EvidenceAsync();
            await KilledAsync(approver, "refusal", new() { ["note"] = "no" }, "requested", "refused");

            await KilledOpeningAsync();
            await EvidenceAsync();
            await StepAsync(account, approver, found, "approval", new() { ["note"] = "yes" }, 200);
            await KilledAsync(account.Token, "veto", [], "coolingOff", "vetoed");
            (await account.Api.GetAsync(account.Devices(), account.Token)).ShouldBe(200).Body!["devices"]!.AsArray().Count.ShouldBe(1);

            await KilledOpeningAsync();
            await EvidenceAsync();
            await StepAsync(account, approver, found, "approval", new() { ["note"] = "yes" }, 200);
            await Eventually.Holds("the removal is executed", TimeSpan.FromSeconds(90), async () =>
                (await CaseAsync(account!, approver, found))["state"] == "executed");
            await KilledCodeAsync();
        }
        finally
        {
            await server.DisposeAsync();
        }

        async Task EvidenceAsync()
        {
            await StepAsync(account!, agent, found, "evidence", new() { ["kind"] = "inPerson", ["note"] = "seen" }, 201);
            await StepAsync(account!, agent, found, "evidence", new() { ["kind"] = "knowledge", ["note"] = "knew" }, 201);
            await StepAsync(account!, agent, found, "removal-request", new() { ["justification"] = "lost" }, 200);
        }

        async Task KilledOpeningAsync()
        {
            var opening = new JsonObject { ["reason"] = "phone stolen", ["reference"] = "T-1" };
            var reply = await WhileKilledAsync(() => account!.Api.PostAsync($"{account.Principal("root")}/cases", agent, opening.DeepClone().AsObject()));

            // Opened or not: of two openings one is done.
            reply ??= await account!.Api.PostAsync($"{account.Principal("root")}/cases", agent, opening.DeepClone().AsObject());
            found = reply.Status == 201 ? reply.Location! : await OpenInQueueAsync();
            await IsQueuedAsync("open");
            (await account!.Api.PostAsync($"{account.Principal("root")}/cases", agent, opening)).ShouldBe(409).Slug.ShouldBe("case-state");
        }

        async Task KilledAsync(string token, string step, JsonObject body, string before, string after)
        {
            var reply = await WhileKilledAsync(() => account!.Api.PostAsync($"{found}/{step}", token, body.DeepClone().AsObject()));
            if (reply is not null) reply.Status.ShouldBeInRange(200, 204);
            var state = (await CaseAsync(account!, approver, found))["state"]!;
            state.ShouldBeOneOf(reply is null ? [before, after] : [after]);
            await IsQueuedAsync(state);
            if (state == before) (await account!.Api.PostAsync($"{found}/{step}", token, body)).Status.ShouldBeInRange(200, 204);
            await IsQueuedAsync(after);
        }

        async Task KilledCodeAsync()
        {
            var reply = await WhileKilledAsync(() => account!.Api.PostAsync($"{found}/enrolment-code", approver, []));
            var issued = (await StoryAsync(account!, approver, found)).Contains("enrolment_code_issued");
            if (reply is null)
            {
                // What was shown to nobody is shown to nobody again.
                (await account!.Api.PostAsync($"{found}/enrolment-code", approver, [])).ShouldBe(issued ? 409 : 201);
                return;
            }

            issued.ShouldBeTrue();
            using var http = new HttpClient { BaseAddress = new Uri(server.Api.Address) };
            using var password = JsonContent.Create(new { email, password = Scenario.Password });
            using var half = await http.PostAsync("/sign-ins", password, TestContext.Current.CancellationToken);
            var challenge = JsonNode.Parse(await half.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            http.DefaultRequestHeaders.Add("Sign-In-Key", challenge["signInKey"]!.ToString());
            using var code = JsonContent.Create(new { code = reply.ShouldBe(201)["code"] });
            using var signedIn = await http.PostAsync(
                $"/sign-ins/{challenge["signInId"]}/enrolment-codes", code, TestContext.Current.CancellationToken);
            ((int)signedIn.StatusCode).ShouldBe(200);
        }

        // The kill comes right after the answer, or while the request is on its way; then there is another node.
        async Task<Reply?> WhileKilledAsync(Func<Task<Reply>> step)
        {
            var answering = step();
            if (answered) await answering;
            else await Task.Delay(kills++ * 37 % 250, TestContext.Current.CancellationToken);
            await server.KillAsync();
            Reply? reply = null;
            try
            {
                reply = await answering;
            }
            catch (HttpRequestException)
            {
                // No answer.
            }

            await server.DisposeAsync();
            server = await service.StartNodeAsync(settings);
            account = account!.On(server);
            TestContext.Current.TestOutputHelper!.WriteLine(reply is null ? "no answer" : $"answered {reply.Status}");
            return reply;
        }

        async Task<string> OpenInQueueAsync()
        {
            JsonNode? item = null;
            await Eventually.Holds("the queue shows the case that was opened", TimeSpan.FromSeconds(60), async () =>
                (item = (await account!.Api.GetAsync("/cases?state=open", approver)).ShouldBe(200).Body!["items"]!.AsArray().SingleOrDefault())
                    is not null);
            return $"{account!.Path}/cases/{item!["caseId"]}";
        }

        Task IsQueuedAsync(string state) => Eventually.Holds($"the queue shows the case as {state}", TimeSpan.FromSeconds(60), async () =>
            (await account!.Api.GetAsync($"/cases?state={state}", approver)).ShouldBe(200).Body!["items"]!.AsArray()
                .Any(item => found.EndsWith(item!["caseId"]!.ToString(), StringComparison.Ordinal)));
    }

    private static async Task<IReadOnlyList<string>> StoryAsync(TestAccount account, string token, string found) =>
        [.. (await CaseAsync(account, token, found)).Body!["story"]!.AsArray().Select(item => item!["eventType"]!.ToString())];

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
}
