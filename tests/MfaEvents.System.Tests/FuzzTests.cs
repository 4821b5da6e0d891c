using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using MfaEvents.Server.Access;
using MfaEvents.SystemTests.Fuzzing;

namespace MfaEvents.SystemTests;

/// <summary>
/// Thousands of requests that are wrong in every way, to every operation that the API description names: no fault comes of them,
/// every refusal is a problem of the catalogue, and nothing that was refused has changed anything.
/// </summary>
/// <remarks><c>MFA_FUZZ_SEED</c> and <c>MFA_FUZZ_INPUTS</c> repeat a run, or make it longer.</remarks>
public sealed class FuzzTests : IAsyncLifetime
{
    private const int Workers = 4;

    // A wrong code, and what may come of it, is recorded; nothing else that is refused leaves an event.
    private static readonly string[] RecordedRefusals = ["_rejected", "_failed", "_refused", "_out_of_sync", "_suspended", "_throttled", "wait_begun"];

    // With these Kestrel refuses what is no HTTP/1.1, before there is a request to speak of.
    private static readonly int[] BareRefusals = [400, 411, 413, 414, 431];

    private readonly Service service = new();
    private readonly ConcurrentDictionary<int, int> statuses = new();
    private readonly ConcurrentDictionary<string, int> reached = new();
    private readonly ConcurrentQueue<string> violations = new();
    private ServerProcess server = null!;
    private int inputs;

    private static int Seed { get; } = Number("MFA_FUZZ_SEED", 20261124);

    private static int Inputs { get; } = Number("MFA_FUZZ_INPUTS", 2500);

    public async ValueTask InitializeAsync()
    {
        await service.InitializeAsync();
        server = await service.StartNodeAsync();

        // Many are needed, and a process for each would take longer than all the rest.
        server.Mint = options => Task.FromResult(
            DevelopmentTokens.Mint(service.Keys.Data, DevelopmentTokenRequest.Parse([.. options]), DateTimeOffset.UtcNow));
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await service.DisposeAsync();
    }

    [Fact]
    public async Task No_input_makes_a_fault_or_changes_what_it_may_not()
    {
        var description = (await server.Api.GetAsync("/openapi/v1.json", "")).ShouldBe(200).Body!;
        var operations = ApiSurface.Read(description);
        operations.Count.ShouldBeGreaterThan(15);
        var bystander = await server.RegisterAsync();
        await bystander.ActivateAsync("phone");
        var untouched = (await bystander.HistoryAsync()).Count;

        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => AttackAsync(operations, bystander.Id, worker))));

        var told = string.Join(", ", statuses.OrderBy(status => status.Key).Select(status => $"{status.Value} x {status.Key}"));
        var report = $"fuzz: seed {Seed}, {inputs} inputs to {reached.Count} of {operations.Count} operations in {watch.Elapsed.TotalSeconds:F0} s: {told}";
        TestContext.Current.TestOutputHelper!.WriteLine(report);
        await Console.Error.WriteLineAsync("MfaEvents.System.Tests: " + report);

        violations.ShouldBeEmpty(string.Join("\n\n", violations.Take(10)) + "\n" + server.Output);
        inputs.ShouldBe(Inputs);
        operations.Select(operation => operation.ToString()).Except(reached.Keys).ShouldBeEmpty();
        (await bystander.HistoryAsync()).Count.ShouldBe(untouched);
    }

    private async Task AttackAsync(IReadOnlyList<Operation> operations, string otherAccount, int worker)
    {
        Ground? ground = null;
        RawConnection? connection = null;
        try
        {
            long documents = 0;
            for (var number = worker; number < Inputs; number += Workers)
            {
                if (ground is null)
                {
                    ground = await Ground.PrepareAsync(server, service.Keys.Data, service.Database.ConnectionString, otherAccount);
                    documents = await ground.DocumentsAsync();
                }

                // Each input by its number alone, whatever came before.
                var input = new Attacker(operations, ground, new Random(unchecked(Seed * 1_000_003 + number))).Next();
                var answer = await AskAsync(input);
                Interlocked.Increment(ref inputs);
                var events = await ground.NewEventsAsync();
                var after = await ground.DocumentsAsync();
                if (Complaint(input, answer, events, after - documents) is { } complaint)
                    violations.Enqueue($"#{number}: {complaint}\n{input}\n-> {answer}");
                documents = after;

                // What it needs has been deleted.
                if (input.Method == "DELETE" && answer?.Status is >= 200 and < 300)
                {
                    await ground.DisposeAsync();
                    ground = null;
                }
            }
        }
        finally
        {
            connection?.Dispose();
            if (ground is not null) await ground.DisposeAsync();
        }

        async Task<RawAnswer?> AskAsync(Input input)
        {
            var isNew = connection is null;
            connection ??= RawConnection.To(server.Api.Address);
            RawAnswer? answer;
            try
            {
                await connection.SendAsync(input.Bytes);
                answer = await connection.ReceiveAsync(isHead: input.Method == "HEAD");
            }
            catch (IOException)
            {
                // It was reset while the rest of a body that is too large was on its way.
                answer = null;
            }

            if (answer is null || answer.Closes)
            {
                connection.Dispose();
                connection = null;
            }

            // A connection may be closed after any answer (RFC 9112 9.6): then this one was not read at all.
            if (answer is null && !isNew) return await AskAsync(input);
            if (answer is not null) statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
            if (input.IsAimed) reached.AddOrUpdate(input.Operation.ToString(), 1, (_, count) => count + 1);
            return answer;
        }
    }

    /// <summary>What is wrong with this answer to this input; null when nothing is.</summary>
    private static string? Complaint(Input input, RawAnswer? answer, IReadOnlyList<string> events, long documents)
    {
        if (answer is null)
            return input.Body?.Length > 64 * 1024 ? null : "no answer";
        if (answer.Status >= 500) return "a fault";
        if (answer["Server"] is not null) return "it says what it is";
        var changed = events.Count > 0 || documents != 0;
        if (answer["X-Content-Type-Options"] is null)
            return BareRefusals.Contains(answer.Status) && answer.Body.Length == 0 && answer.Closes && !changed ? null : "an answer without the headers";
        if (answer.Status is >= 300 and < 400) return "it sends the caller elsewhere";
        var isExplained = input.Operation.Statuses.Contains(answer.Status)
            || (answer.Status == 413 && input.Body is not null && input.Operation.Members.Count == 0);
        if (input.IsAimed && !isExplained) return $"{answer.Status} is not in the description of {input.Operation}";
        if (answer.Status < 400) return null;

        if (input.Method == "HEAD") return answer["Content-Type"] == "application/problem+json" && !changed ? null : "a refusal that is no problem";
        if (answer.Problem is not { } problem) return "a refusal that is no problem";
        var slug = problem["type"]!.ToString().Replace("urn:mfaevents:problem:", "", StringComparison.Ordinal);
        if (!ApiSurface.Catalogue.TryGetValue(slug, out var status)) return "a problem that is not in the catalogue";
        if (status != answer.Status || (int)problem["status"]! != status) return "a problem with another status";

        var isRecorded = answer.Status is 403 or 429 && slug is not "forbidden";
        var unexplained = isRecorded ? events.Where(type => !Array.Exists(RecordedRefusals, type.EndsWith)).ToArray() : [.. events];
        return unexplained.Length == 0 && documents == 0 ? null : $"refused, and yet: {string.Join(", ", unexplained)}, {documents} documents more";
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
