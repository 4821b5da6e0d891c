using System.Net;
using System.Text.Json;
using Marten.Services;
using MfaEvents.Core.Accounts;
using OpenAccount = MfaEvents.Server.Tests.Harness.OpenAccount;

namespace MfaEvents.Server.Tests.Audit.Erasure;

/// <summary>Whatever can be proven without what is erased is proven as before, and what is missing for no erasure is found.</summary>
public sealed class ErasureVerificationTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task History_proofs_and_verification_are_what_they_were()
    {
        var account = await api.VisitedAccount();
        var before = await Root(account);
        await account.Erased(Erasable.Everything);
        await account.Logged("personal_data_erased");

        var verification = await account.Verified();
        verification["intact"].GetBoolean().ShouldBeTrue(verification.ToString());
        (await Root(account, before.Size)).ShouldBe(before);

        var items = (await account.A("auditor").Get($"{account.Path}/audit?limit=500")).ShouldBe(HttpStatusCode.OK)["items"].EnumerateArray().ToList();
        var erased = items.Single(item => item.GetProperty("eventType").GetString() == "personal_data_erased");
        erased.GetProperty("data").GetProperty("fields").EnumerateArray().Select(field => field.GetString()).ShouldBe(Erasable.Everything);
        erased.GetProperty("actor").GetString().ShouldNotBeNullOrEmpty();
        erased.GetProperty("sourceAddress").ValueKind.ShouldBe(JsonValueKind.String);
        foreach (var item in items.Where(item => item.GetProperty("index").GetInt64() < erased.GetProperty("index").GetInt64()))
        {
            item.GetProperty("sourceAddress").ValueKind.ShouldBe(JsonValueKind.Null, item.GetRawText());
            item.GetProperty("userAgent").ValueKind.ShouldBe(JsonValueKind.Null, item.GetRawText());
        }

        (await account.Root.Get($"{account.RootPath}/history")).ShouldBe(HttpStatusCode.OK)["items"].GetArrayLength().ShouldBeGreaterThan(3);
        var sessions = (await account.Root.Get($"{account.RootPath}/sessions")).ShouldBe(HttpStatusCode.OK)["sessions"].EnumerateArray();
        foreach (var session in sessions) session.GetProperty("sourceAddress").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    // What is gone is gone at once; its event is in the trail, and in what is verified, a moment later.
    [Fact]
    public async Task An_erasure_that_the_trail_has_not_come_to_is_no_difference()
    {
        await using var host = await run.StartHostAsync("mfa_tests_erased_ahead");
        var (account, other) = (await host.VisitedAccount(), await host.RegisteredAccount());
        await using var connection = await host.ConnectAsync();
        await using var open = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        var options = SessionOptions.ForTransaction(open);
        options.TenantId = other.Id;
        await using var session = host.Store.LightweightSession(options);
        session.Events.Append(Account.StreamKey, new UserCreated("late"));
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);

        (await account.PostErasure("accountName", "email")).ShouldBe(HttpStatusCode.Accepted);
        var verification = await account.Verified();
        verification["intact"].GetBoolean().ShouldBeTrue(verification.Text);
        await host.RowsAsync("delete from sealed.mt_doc_sealedcontact where tenant_id = $1", account.Id);
        (await account.Verified()).FirstDifference().ShouldBe(("personalDataMissing", "phone"));
        await open.CommitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Values_and_salts_that_are_gone_or_changed_without_an_erasure_are_found()
    {
        var account = await api.VisitedAccount();
        (await account.Verified())["intact"].GetBoolean().ShouldBeTrue();
        const string ofTheFirst = "where tenant_id = $1 and type = 'account_registered'";

        await Undone("headers = headers - 'userAgent' - 'userAgentSalt'", "personalDataMissing", "userAgent");
        await Undone("headers = headers - 'userAgent'", "personalDataChanged", "userAgent");
        await Undone("headers = headers - 'userAgentSalt'", "personalDataChanged", "userAgent");
        await Undone("headers = headers || '{\"clientAddress\": \"192.0.2.1\"}'", "personalDataChanged", "clientAddress");
        await Undone("headers = headers || '{\"clientAddressSalt\": \"AAAA\"}'", "personalDataChanged", "clientAddress");

        await api.RowsAsync("update mfa.audit_item set user_agent = null where account_id = $1 and index = 2", account.Id);
        (await account.Verified()).FirstDifference().ShouldBe(("rowChanged", "userAgent"));
        await api.RowsAsync("update mfa.audit_item set user_agent = (select user_agent from mfa.audit_item where account_id = $1 and index = 1) where account_id = $1 and index = 2", account.Id);

        await api.RowsAsync("delete from sealed.mt_doc_sealedcontact where tenant_id = $1", account.Id);
        (await account.Verified()).FirstDifference().ShouldBe(("personalDataMissing", "accountName"));

        async Task Undone(string set, string kind, string field)
        {
            var headers = (await api.RowsAsync($"select headers::text from mfa.mt_events {ofTheFirst}", account.Id))[0];
            await api.RowsAsync($"update mfa.mt_events set {set} {ofTheFirst}", account.Id);
            (await account.Verified()).FirstDifference().ShouldBe((kind, field), set);
            await api.RowsAsync($"update mfa.mt_events set headers = $2::jsonb {ofTheFirst}", account.Id, headers);
        }
    }

    [Fact]
    public async Task A_version_of_the_contact_that_was_exchanged_is_found()
    {
        var (account, other) = (await api.VisitedAccount(), await api.VisitedAccount());
        await account.Root.Put($"{account.Path}/contact", new { email = Scenarios.NewEmail(), account.Phone });
        await account.Logged("contact_change_requested");
        (await account.Verified())["intact"].GetBoolean().ShouldBeTrue();

        // The former version's row under the later one's name does not open there; another account's neither.
        await api.RowsAsync("update sealed.mt_doc_sealedcontact set data = (select data from sealed.mt_doc_sealedcontact where tenant_id = $2) where tenant_id = $1 and id = 'v2'", account.Id, other.Id);
        (await account.Verified()).FirstDifference().ShouldBe(("personalDataMissing", "accountName"));
    }

    private static async Task<(long Size, string Hash)> Root(OpenAccount account, long? size = null)
    {
        var note = (await account.A("auditor").Get($"{account.Path}/audit/checkpoint{(size is null ? "" : $"?size={size}")}")).ShouldBeText().Text.Split('\n');
        return (long.Parse(note[1]), note[2]);
    }
}
