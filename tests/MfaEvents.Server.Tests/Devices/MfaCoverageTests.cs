using System.Net;
using System.Text.Json;

namespace MfaEvents.Server.Tests.Devices;

public sealed class MfaCoverageTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task Every_principal_has_a_row_with_the_best_that_any_of_its_devices_is()
    {
        var account = await Covered();
        var rows = (await account.A("auditor").Get($"{account.Path}/mfa-coverage")).ShouldBe(HttpStatusCode.OK)["principals"].EnumerateArray().ToArray();

        rows.Select(row => $"{row.GetProperty("principal").GetString()} {row.GetProperty("coverage").GetString()}")
            .ShouldBe(["root active", "user:alice outOfSync", "user:bob none", "user:carol pending"]);
        rows[0].EnumerateObject().Select(member => member.Name)
            .ShouldBe(["principal", "arn", "createdAt", "coverage", "active", "outOfSync", "suspended", "pending", "lastUsedAt"]);
        (rows[0].GetProperty("active").GetInt32(), rows[0].GetProperty("pending").GetInt32()).ShouldBe((1, 1));
        rows[0].GetProperty("lastUsedAt").ValueKind.ShouldBe(JsonValueKind.String);
        rows[0].GetProperty("arn").GetString().ShouldBe($"arn:aws:iam::{account.Id}:root");
        rows[1].GetProperty("lastUsedAt").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Whoever_accepts_CSV_gets_a_sheet()
    {
        var account = await Covered();
        foreach (var accept in (string[])["text/csv", "text/csv, application/json;q=0.9", "TEXT/CSV;q=0.5, */*;q=0.1"])
        {
            var sheet = await Read(account, accept);
            sheet.ContentType!.ToString().ShouldBe("text/csv; charset=utf-8");
            var lines = sheet.Text.Split("\r\n");
            lines.Length.ShouldBe(6);
            lines[0].ShouldBe("principal,arn,createdAt,coverage,active,outOfSync,suspended,pending,lastUsedAt");
            lines[1].ShouldStartWith($"root,arn:aws:iam::{account.Id}:root,");
            lines[2].ShouldContain(",outOfSync,0,1,0,0,");
        }

        foreach (var accept in (string?[])[null, "*/*", "application/json", "application/json, text/csv;q=0.9", "text/csv;q=0", "nonsense"])
            (await Read(account, accept)).ContentType!.MediaType.ShouldBe("application/json", accept);
    }

    [Fact]
    public async Task It_is_for_the_root_user_and_auditors()
    {
        var (account, other) = (await api.RegisteredAccount(), await api.RegisteredAccount());
        var alice = await account.CreatedUser("alice");
        var path = $"{account.Path}/mfa-coverage";
        (await account.Root.Get(path)).ShouldBe(HttpStatusCode.OK);
        (await account.A("auditor").Get(path)).ShouldBe(HttpStatusCode.OK);
        (await alice.Get(path)).ShouldRefuse(403, "forbidden");
        (await other.Root.Get(path)).ShouldRefuse(404, "not-found");
        (await other.A("auditor").Get(path)).ShouldRefuse(404, "not-found");
        foreach (var role in (string[])["service", "operator", "provisioner", "support-agent"]) (await account.A(role).Get(path)).ShouldRefuse(403, "forbidden");
        (await api.A("auditor").Get("/accounts/999999999999/mfa-coverage")).ShouldRefuse(404, "not-found");
    }

    private async Task<OpenAccount> Covered()
    {
        var account = await api.RegisteredAccount();
        await (await account.AssignedDevice("phone").Activated()).Verified();
        await account.AssignedDevice("tablet");
        await account.AssignedDevice(await account.CreatedUser("alice"), "user:alice", "old").OutOfSync();
        await account.CreatedUser("bob");
        await account.AssignedDevice(await account.CreatedUser("carol"), "user:carol", "new");
        await account.CreatedUser("dave");
        (await account.Root.Delete($"{account.Path}/users/dave")).ShouldBe(HttpStatusCode.NoContent);
        return account;
    }

    private static async Task<Reply> Read(OpenAccount account, string? accept)
    {
        var reply = await (account.A("auditor") with { Accept = accept }).Get($"{account.Path}/mfa-coverage");
        reply.Status.ShouldBe(200, reply.ToString());
        return reply;
    }
}
