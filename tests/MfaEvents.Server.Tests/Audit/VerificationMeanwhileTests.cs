using System.Net;
using System.Runtime.CompilerServices;
using Marten;
using MfaEvents.Server.Audit.Log;
using MfaEvents.Server.Audit.Verification;
using MfaEvents.Server.Sealing;

namespace MfaEvents.Server.Tests.Audit;

/// <summary>A verification while people work and heads are written out; and heads that can be read no more.</summary>
public sealed class VerificationMeanwhileTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Tiles_that_are_begun_meanwhile_are_no_difference()
    {
        var account = await api.RegisteredAccount();
        var size = await Grown(account, 8);
        var head = await Head(account, size);

        // The walk has begun when the second one is asked for.
        var verification = await Verify(account, [() => Task.FromResult(head), async () => await Grown(account, 40) > 0 ? head : ""]);
        verification.Intact.ShouldBeTrue(verification.FirstDifference?.Sentence);
    }

    [Fact]
    public async Task A_head_that_is_written_out_meanwhile_is_no_tail_that_was_cut_off()
    {
        var account = await api.RegisteredAccount();
        await Grown(account, 8);
        var verification = await Verify(account, [async () => await Head(account, await Grown(account, 40))]);
        verification.Intact.ShouldBeTrue(verification.FirstDifference?.Sentence);
    }

    [Theory, InlineData(""), InlineData("nothing of a note"), InlineData("no checkpoint\n\n\u2014 somebody AAAAAAAA\n")]
    public async Task A_head_that_cannot_be_read_is_named_and_keeps_no_other_from_being_read(string unreadable)
    {
        var account = await api.RegisteredAccount();
        var size = await Grown(account, 8);
        var head = await Head(account, size);
        var difference = (await Verify(account, [() => Task.FromResult(unreadable), () => Task.FromResult(head)])).FirstDifference.ShouldNotBeNull();
        difference.Kind.ShouldBe(DifferenceKind.CheckpointUnreadable);

        var longer = Changed(head, $"\n{size}\n", "\n1000\n");
        difference = (await Verify(account, [() => Task.FromResult(unreadable), () => Task.FromResult(longer)])).FirstDifference.ShouldNotBeNull();
        difference.Kind.ShouldBe(DifferenceKind.LogTruncated);

        static string Changed(string text, string old, string by) => text.Replace(old, by, StringComparison.Ordinal);
    }

    /// <summary>The account has at least so many entries: how many it has.</summary>
    private static async Task<long> Grown(OpenAccount account, int entries)
    {
        var size = await Logged();
        for (var added = size; added < entries; added++)
            (await account.Root.Post($"{account.Path}/users", new { userName = Scenarios.NewName("grown") })).ShouldBe(HttpStatusCode.Created);
        await Scenarios.Eventually(async () => (size = await Logged()) >= entries, "it is logged");
        return size;

        async Task<long> Logged() =>
            (await account.Root.Get($"{account.Path}/audit?limit=1"))["items"].EnumerateArray().Select(item => item.GetProperty("index").GetInt64() + 1).FirstOrDefault();
    }

    private static async Task<string> Head(OpenAccount account, long size) =>
        (await account.Root.Get($"{account.Path}/audit/checkpoint?size={size}")).ShouldBeText().Text;

    private async Task<LogVerification> Verify(OpenAccount account, Func<Task<string>>[] heads)
    {
        await using var session = api.Services.GetRequiredService<IDocumentStore>().QuerySession(account.Id);
        using var verifier = new LogVerifier(new Heads(heads), api.Services.GetRequiredService<Seals>());
        return (await verifier.VerifyAsync(session, TestContext.Current.CancellationToken)).ShouldNotBeNull();
    }

    /// <summary>Heads that are made when they are asked for.</summary>
    private sealed class Heads(Func<Task<string>>[] heads) : ICheckpointStore
    {
        public Task WriteAsync(string accountId, long size, string note, CancellationToken cancellation) => Task.CompletedTask;

        public async IAsyncEnumerable<string> ReadAsync(string accountId, [EnumeratorCancellation] CancellationToken cancellation)
        {
            foreach (var head in heads) yield return await head();
        }
    }
}
