using System.Net;
using System.Text.Json;
using OpenAccount = MfaEvents.Server.Tests.Harness.OpenAccount;

namespace MfaEvents.Server.Tests.Audit.Erasure;

/// <summary>An account whose personal data nobody else has, and what an operator and an auditor do with it.</summary>
internal static class Erasable
{
    internal static readonly string[] Everything = ["accountName", "email", "phone", "clientAddress", "userAgent"];

    /// <summary>An account with a device, two sessions and a former contact, from an address and with a program that nobody else has.</summary>
    internal static async Task<OpenAccount> VisitedAccount(this MfaHost host)
    {
        var account = await host.RegisteredAccount($"Erasable {Guid.NewGuid():N}");
        var device = await account.AssignedDevice("phone").Activated();
        account.Time.PassSteps(2);
        var half = await account.HalfSignedIn();
        var visitor = half.By with { Address = account.Address(), UserAgent = account.Agent() };
        (await (half with { By = visitor }).Code(device, device.Code())).ShouldBe(HttpStatusCode.OK);
        await account.Logged("signed_in");
        return account;
    }

    internal static string Address(this OpenAccount account) =>
        IPAddress.Parse($"2001:db8::{account.Id[..4]}:{account.Id[4..8]}:{account.Id[8..]}").ToString();

    internal static string Agent(this OpenAccount account) => $"tests/1.0 (of {account.AccountName[^32..]})";

    internal static Task<Reply> PostErasure(this OpenAccount account, params string[] fields) =>
        account.A("operator").Post($"{account.Path}/erasures", new { fields });

    internal static async Task Erased(this OpenAccount account, params string[] fields) =>
        await account.ErasureEnded((await account.PostErasure(fields)).ShouldBe(HttpStatusCode.Accepted).Location!);

    internal static Task ErasureEnded(this OpenAccount account, string location) => Scenarios.Eventually(
        async () => (await account.A("operator").Get(location)).ShouldBe(HttpStatusCode.OK).TextOf("state") == "succeeded", "the erasure ends");

    internal static Task Logged(this OpenAccount account, string eventType) => Scenarios.Eventually(
        async () => (await account.A("auditor").Get($"{account.Path}/audit?limit=1&eventType={eventType}"))["items"].GetArrayLength() == 1
            && (await account.Host.RowsAsync("select count(*) from mfa.mt_events where tenant_id = $1 and type <> 'tombstone'", account.Id))[0]
                == (await account.Host.RowsAsync("select count(*) from mfa.audit_item where account_id = $1", account.Id))[0],
        $"the {eventType} is in the trail");

    internal static async Task<Reply> Verified(this OpenAccount account) =>
        (await account.A("auditor").Post($"{account.Path}/audit/verification", new { })).ShouldBe(HttpStatusCode.OK);

    internal static (string? Kind, string? Field) FirstDifference(this Reply verification)
    {
        var difference = verification["firstDifference"];
        difference.ValueKind.ShouldBe(JsonValueKind.Object);
        return (difference.GetProperty("kind").GetString(), difference.GetProperty("fields").EnumerateArray().FirstOrDefault().GetString());
    }
}
