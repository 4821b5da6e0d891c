using System.Globalization;
using System.Net;
using Marten;
using Marten.Services;
using MfaEvents.Core.Accounts;

namespace MfaEvents.Server.Tests.Audit;

/// <summary>An event has its number before it is committed. Whoever commits late must not be left out of the trail.</summary>
public sealed class OutstandingEventTests(TestRun run)
{
    /// <summary>More than twice what the event store waits for a number that is missing before it looks into it.</summary>
    private static readonly TimeSpan LongerThanTheThreshold = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task An_event_of_a_transaction_that_stays_open_beyond_the_threshold_is_in_the_trail()
    {
        await using var host = await run.StartHostAsync("mfa_outstanding");
        ((DocumentStore)host.Store).Options.Projections.StaleSequenceThreshold.ShouldBeLessThan(LongerThanTheThreshold / 2);
        var (late, other) = (await host.RegisteredAccount(), await host.RegisteredAccount());
        await Complete(host);

        await using var connection = await host.ConnectAsync();
        await using var open = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var session = host.Store.LightweightSession(SessionOptions.ForTransaction(open).InAccount(late.Id)))
        {
            session.Events.Append(Account.StreamKey, new UserCreated("late"));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        for (var user = 0; user < 5; user++) await other.CreatedUser($"user{user}");
        var before = await Position(host);
        await Task.Delay(LongerThanTheThreshold, TestContext.Current.CancellationToken);
        (await Position(host)).ShouldBe(before, "what comes after an event that may still come waits for it");

        await open.CommitAsync(TestContext.Current.CancellationToken);
        await Complete(host);
        var trail = (await late.Root.Get($"{late.Path}/audit?eventType=user_created")).ShouldBe(HttpStatusCode.OK);
        trail["items"][0].GetProperty("data").GetProperty("userName").GetString().ShouldBe("late");
        (await late.Root.Post($"{late.Path}/audit/verification", new { }))["intact"].GetBoolean().ShouldBeTrue();
        (await other.Root.Get($"{other.Path}/audit?eventType=user_created"))["items"].GetArrayLength().ShouldBe(5);
    }

    [Fact]
    public async Task Numbers_that_were_rolled_back_hold_nothing_up_for_long()
    {
        await using var host = await run.StartHostAsync("mfa_rolled_back");
        var (gone, other) = (await host.RegisteredAccount(), await host.RegisteredAccount());
        await using var connection = await host.ConnectAsync();
        await using (var open = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using var session = host.Store.LightweightSession(SessionOptions.ForTransaction(open).InAccount(gone.Id));
            session.Events.Append(Account.StreamKey, new UserCreated("gone"));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
            await open.RollbackAsync(TestContext.Current.CancellationToken);
        }

        await other.CreatedUser("alice");
        await Complete(host);
        (await other.Root.Get($"{other.Path}/audit?eventType=user_created"))["items"].GetArrayLength().ShouldBe(1);
    }

    private static async Task<long> Position(MfaHost host) => long.Parse(
        (await host.RowsAsync("select last_seq_id from mfa.mt_event_progression where name like 'audit:%'"))[0], CultureInfo.InvariantCulture);

    private static Task Complete(MfaHost host) => Scenarios.Eventually(
        async () => (await host.RowsAsync("select (select max(seq_id) from mfa.mt_events) <= (select max(last_seq_id) from mfa.mt_event_progression where name like 'audit:%')"))[0] == "True",
        "the trail is complete");
}

file static class Sessions
{
    public static SessionOptions InAccount(this SessionOptions options, string accountId)
    {
        options.TenantId = accountId;
        return options;
    }
}
