using System.Text.RegularExpressions;

namespace MfaEvents.Server.Tests.Support;

/// <summary>The desk acts through cases alone.</summary>
public sealed class NoOtherWayTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task No_agent_and_no_approver_changes_anything_but_by_a_case()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var description = (await api.Nobody().Get("/openapi/v1.json")).Body;
        var tried = 0;
        foreach (var path in description.GetProperty("paths").EnumerateObject())
            foreach (var operation in path.Value.EnumerateObject())
            {
                if (operation.Name == "get" || !operation.Value.TryGetProperty("security", out _)) continue;
                if (path.Name.Contains("/cases", StringComparison.Ordinal)) continue;
                var address = path.Name
                    .Replace("{accountId}", account.Id, StringComparison.Ordinal)
                    .Replace("{principal}", "root", StringComparison.Ordinal)
                    .Replace("{deviceId}", device.Id.ToString(), StringComparison.Ordinal)
                    .Replace("{userName}", "alice", StringComparison.Ordinal);
                address = Regex.Replace(address, @"\{[^}]+\}", _ => Guid.NewGuid().ToString());
                foreach (var who in (Person[])[account.Agent(), account.Approver(), account.Agent() with { Roles = ["support-agent", "support-approver"] }])
                    (await who.Send(new HttpMethod(operation.Name.ToUpperInvariant()), address)).ShouldRefuse(403, "forbidden");
                tried++;
            }

        tried.ShouldBeGreaterThan(10);
        (await account.VersionOf("root")).ShouldBe(4);
    }

    [Fact]
    public async Task Each_step_of_a_case_has_its_roles()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase();
        var before = await found.Version();
        foreach (var role in (string[])["support-approver", "auditor", "operator", "provisioner", "service"])
        {
            var who = account.A(role);
            (await account.OpenCase(who)).ShouldRefuse(403, "forbidden");
            (await found.Evidence("inPerson", who)).ShouldRefuse(403, "forbidden");
            (await found.Request(who)).ShouldRefuse(403, "forbidden");
            (await found.Close(who)).ShouldRefuse(403, "forbidden");
        }

        foreach (var role in (string[])["support-agent", "auditor", "operator", "provisioner", "service"])
        {
            var who = account.A(role);
            (await found.Approve(who)).ShouldRefuse(403, "forbidden");
            (await found.Refuse(who)).ShouldRefuse(403, "forbidden");
            (await found.Code(who)).ShouldRefuse(403, "forbidden");
        }

        (await found.Approve(account.Root)).ShouldRefuse(403, "forbidden");
        (await found.Read(account.Root)).ShouldRefuse(403, "forbidden");
        (await found.Approve(api.Nobody())).ShouldRefuse(401, "unauthenticated");
        (await found.Version()).ShouldBe(before);
    }
}
