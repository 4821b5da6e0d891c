using System.Net;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Sealing;
using Npgsql;

namespace MfaEvents.Server.Tests.Accounts;

/// <summary>A registration has two commits; whatever happens between them is finished by the message that the first one left.</summary>
public sealed class RegistrationCrashTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task The_message_opens_a_reserved_account_once()
    {
        var (id, email) = ("199999999999", Scenarios.NewEmail());
        var seals = api.Services.GetRequiredService<Seals>();
        var message = MfaEvents.Server.Accounts.OpenAccount.Seal(seals, id, new AccountOpening(
            new ContactInformation("Crashed", email, "+14155550100"),
            seals.SealPassword(id, Principal.Root, Scenarios.Password),
            new Origin("provisioner", "urn:mfaevents:development", "203.0.113.9", "tests/1.0")));
        var auditor = api.A("auditor");
        (await auditor.Get($"/accounts/{id}")).ShouldRefuse(404, "not-found");

        await api.HandleAsync(id, message);

        (await auditor.Get($"/accounts/{id}")).ShouldBe(HttpStatusCode.OK).TextOf("accountName").ShouldBe("Crashed");
        await api.HandleAsync(id, message);
        foreach (var stream in (string[])["account", "root"])
        {
            var opened = (await api.EventsAsync(id, stream)).ShouldHaveSingleItem();
            opened.UserName.ShouldBe("provisioner");
            opened.GetHeader("clientAddress").ShouldBe("203.0.113.9");
        }
    }

    [Fact]
    public async Task Handlings_that_meet_open_it_once()
    {
        const string id = "199999999998";
        var seals = api.Services.GetRequiredService<Seals>();
        var message = MfaEvents.Server.Accounts.OpenAccount.Seal(seals, id, new AccountOpening(
            new ContactInformation("Twice", Scenarios.NewEmail(), "+14155550100"), seals.SealPassword(id, Principal.Root, Scenarios.Password), Origin.Product));

        // The one that loses is tried again, as a message is, and finds nothing to do.
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            try
            {
                await api.HandleAsync(id, message);
            }
            catch (Exception exception) when (exception is not ShouldAssertException)
            {
                await api.HandleAsync(id, message);
            }
        })));

        (await api.EventsAsync(id, "account")).ShouldHaveSingleItem();
        (await api.EventsAsync(id, "root")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task An_account_that_a_crash_left_unopened_is_opened_by_itself()
    {
        var account = await api.RegisteredAccount();
        await WipeAsync(account.Id);
        (await account.Root.Get(account.Path)).ShouldRefuse(404, "not-found");
        (await api.A("provisioner").Post("/accounts", Scenarios.Registration(account.Email))).ShouldRefuse(409, "email-taken");

        await Scenarios.Eventually(async () => (await account.Root.Get(account.Path)).Status == 200, "the message opened the account");

        (await account.Root.Get($"{account.Path}/contact")).ShouldBe(HttpStatusCode.OK).TextOf("email").ShouldBe(account.Email);
        await account.AssignedDevice().Activated();
    }

    // As if the process had died after its first commit: the directory knows the account, and its own database does not.
    private async Task WipeAsync(string accountId)
    {
        var tables = await api.RowsAsync(
            """
            select format('%I.%I', c.table_schema, c.table_name) from information_schema.columns c join information_schema.tables t
                on t.table_schema = c.table_schema and t.table_name = c.table_name and t.table_type = 'BASE TABLE'
            where c.column_name = 'tenant_id' and c.table_schema in ('mfa', 'sealed') order by c.table_name <> 'mt_events', 1
            """);
        await using var connection = await api.ConnectAsync();
        foreach (var table in tables)
        {
            await using var delete = new NpgsqlCommand($"delete from {table} where tenant_id = $1", connection) { Parameters = { new() { Value = accountId } } };
            await delete.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }
}
