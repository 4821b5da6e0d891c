using MfaEvents.Server.Access;

namespace MfaEvents.Server.Tests.Access;

/// <summary>The commands of one principal, one by one.</summary>
public sealed class TurnstileTests
{
    [Fact]
    public async Task Of_one_principal_one_is_inside_and_the_next_comes_when_it_leaves()
    {
        var turnstile = new Turnstile();
        var first = await Enter(turnstile, "root");
        var second = Enter(turnstile, "root");
        await Task.Delay(50, TestContext.Current.CancellationToken);
        second.IsCompleted.ShouldBeFalse();
        first.Dispose();
        (await second).Dispose();
    }

    [Fact]
    public async Task Others_do_not_wait()
    {
        var turnstile = new Turnstile();
        using var first = await Enter(turnstile, "root");
        using var user = await Enter(turnstile, "user:alice");
        using var elsewhere = await turnstile.EnterAsync("210987654321", "root", CancellationToken.None);
    }

    [Fact]
    public async Task Whoever_gives_up_leaves_the_queue()
    {
        var turnstile = new Turnstile();
        var first = await Enter(turnstile, "root");
        using var patience = new CancellationTokenSource();
        var second = turnstile.EnterAsync("123456789012", "root", patience.Token);
        await patience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => second);
        first.Dispose();
        (await Enter(turnstile, "root")).Dispose();
    }

    [Fact]
    public async Task Too_long_a_queue_is_told_to_come_again()
    {
        var turnstile = new Turnstile();
        var first = await Enter(turnstile, "root");
        var waiting = Enumerable.Range(0, 63).Select(_ => Enter(turnstile, "root")).ToList();
        await Should.ThrowAsync<CrowdedException>(() => Enter(turnstile, "root"));
        first.Dispose();
        foreach (var turn in waiting) (await turn).Dispose();
    }

    [Fact]
    public async Task A_crowd_gets_through_one_by_one()
    {
        var turnstile = new Turnstile();
        var (inside, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(number => Task.Run(async () =>
        {
            using var turn = await Enter(turnstile, number % 2 == 0 ? "root" : "user:alice");
            if (number % 2 != 0) return;
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await Task.Yield();
            Interlocked.Decrement(ref inside);
        })));
        most.ShouldBe(1);
    }

    private static Task<IDisposable> Enter(Turnstile turnstile, string principal) =>
        turnstile.EnterAsync("123456789012", principal, CancellationToken.None);
}
