using System.Globalization;
using System.Security.Cryptography;
using JasperFx.Events.Projections;
using Marten;

namespace MfaEvents.Server.Tests.Audit;

/// <summary>Every view is a function of the events: built again from the first one, it is the same, row by row.</summary>
public sealed class RebuildTests(TestRun run)
{
    /// <summary>Each with what is compared: all but when a document was written.</summary>
    private static readonly Dictionary<string, string> Views = new()
    {
        ["mfa.mt_doc_principalmfa"] = Document,
        ["mfa.mt_doc_account"] = Document,
        ["mfa.mt_doc_devicename"] = Document,
        ["mfa.mt_doc_iamuser"] = Document,
    };

    private const string Document = "concat_ws(' ', tenant_id, id, data::text)";

    [Fact]
    public async Task Views_that_are_rebuilt_are_the_views_that_were()
    {
        await using var host = await run.StartHostAsync("mfa_rebuild");
        var accounts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => ABusyAccount(host))));
        await Scenarios.Eventually(
            async () => (await host.RowsAsync("select (select count(*) from mfa.mt_events) = (select count(*) from mfa.audit_item)"))[0] == "True",
            "the audit trail is complete");
        var before = await RowsOf(host);
        var seeds = await host.RowsAsync("select s::text from sealed.mt_doc_sealedseed s order by 1");
        foreach (var view in Views.Keys) before[view].ShouldNotBeEmpty(view);

        using var daemon = await host.Store.BuildProjectionDaemonAsync();
        foreach (var projection in ((DocumentStore)host.Store).Options.Projections.All.Where(view => view.Lifecycle == ProjectionLifecycle.Inline))
            await daemon.RebuildProjectionAsync(projection.Name, TestContext.Current.CancellationToken);

        var after = await RowsOf(host);
        foreach (var view in Views.Keys) after[view].ShouldBe(before[view], view);
        (await host.RowsAsync("select s::text from sealed.mt_doc_sealedseed s order by 1")).ShouldBe(seeds, "a rebuild destroys no seed of a living device");
        seeds.ShouldNotBeEmpty();
        accounts.Length.ShouldBe(4);
    }

    private static async Task<Dictionary<string, IReadOnlyList<string>>> RowsOf(MfaHost host)
    {
        var rows = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var (view, compared) in Views) rows[view] = await host.RowsAsync($"select {compared} from {view} view order by 1");
        return rows;
    }

    /// <summary>A hundred things that people do with devices, in whatever order.</summary>
    public static async Task<OpenAccount> ABusyAccount(MfaHost host)
    {
        var account = await host.RegisteredAccount();
        var users = new List<string>();
        var devices = new List<HeldDevice>();
        for (var deed = 0; deed < 100; deed++)
        {
            account.Time.PassSteps(Below(3));
            var device = devices.Count > 0 ? devices[Below(devices.Count)] : null;
            var reply = Below(13) switch
            {
                0 => await Create(),
                1 when users.Count > 0 => await account.Root.Delete($"{account.Path}/users/{users[Below(users.Count)]}"),
                2 when device is not null => await device.SubmitCodes(device.Codes(Below(2) == 0 ? 0 : -30)),
                3 when device is not null => await device.Verify(device.Code(-25 + Below(3))),
                4 when device is not null => await device.Verify(device.WrongCode()),
                5 or 6 when device is not null => await device.Verify(device.Code(Below(3) - 1)),
                7 when device is not null => await device.Resync(device.Codes(-Below(30))),
                8 when device is not null && Below(3) == 0 => await account.Root.Delete(device.Path),
                8 when device is not null => await account.Root.Patch(device.Path, new { deviceName = Scenarios.NewName("renamed") }),
                9 when device is not null => await account.Root.Patch(device.Path, new { deviceName = device.Name.ToUpperInvariant() }),
                10 => await account.Root.Put($"{account.Path}/contact", new { email = Scenarios.NewEmail(), phone = account.Phone }),
                _ => await Assign(),
            };
            reply.Status.ShouldBeLessThan(500, reply.ToString());
        }

        return account;

        async Task<Reply> Create()
        {
            users.Add($"user{users.Count.ToString(CultureInfo.InvariantCulture)}");
            return await account.Root.Post($"{account.Path}/users", new { userName = users[^1] });
        }

        async Task<Reply> Assign()
        {
            var principal = users.Count == 0 || Below(2) == 0 ? "root" : $"user:{users[Below(users.Count)]}";
            var name = Scenarios.NewName("phone");
            var reply = await account.Root.Post($"{account.PrincipalPath(principal)}/mfa-devices", new { deviceName = name, deviceType = "virtual" });
            if (reply.Status == 201) devices.Add(new HeldDevice(account, account.Root, principal, reply["deviceId"].GetGuid(), name, reply.TextOf("secretKey")));
            return reply;
        }
    }

    private static int Below(int limit) => RandomNumberGenerator.GetInt32(limit);
}
