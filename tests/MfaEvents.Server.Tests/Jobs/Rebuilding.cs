using System.Net;
using System.Text.Json;

namespace MfaEvents.Server.Tests.Jobs;

/// <summary>What an operator does with rebuilds.</summary>
public static class Rebuilding
{
    public static async Task<string> BegunRebuild(this MfaHost host, string projection, string? accountId = null) =>
        (await host.A("operator").Post($"/projections/{projection}/rebuilds", accountId is null ? (object)new { } : new { accountId }))
            .ShouldBe(HttpStatusCode.Accepted).Location!;

    public static async Task<Reply> Rebuilt(this MfaHost host, string projection, string? accountId = null) =>
        await host.EndedRebuild(await host.BegunRebuild(projection, accountId));

    public static async Task<Reply> EndedRebuild(this MfaHost host, string location)
    {
        Reply? reply = null;
        await Scenarios.Eventually(
            async () => (reply = (await host.A("operator").Get(location)).ShouldBe(HttpStatusCode.OK))["finishedAt"].ValueKind != JsonValueKind.Null, "the rebuild ends");
        return reply!;
    }

    /// <summary>The rebuild ended well, and nothing differed.</summary>
    public static Reply ShouldHaveSucceeded(this Reply rebuild, long? missing = null)
    {
        rebuild.TextOf("state").ShouldBe("succeeded", rebuild.Text);
        rebuild["parity"].GetProperty("differences").GetInt64().ShouldBe(0, rebuild.Text);
        if (missing is { } lost) rebuild["parity"].GetProperty("missing").GetInt64().ShouldBe(lost, rebuild.Text);
        return rebuild;
    }

    /// <summary>Tables that a rebuild has left behind.</summary>
    public static Task<IReadOnlyList<string>> Leftovers(this MfaHost host) =>
        host.RowsAsync("select tablename from pg_tables where schemaname = 'mfa' and tablename ~ '_r[0-9a-f]{12}$'");
}
