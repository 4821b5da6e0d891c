using System.Net;
using MfaEvents.Server.Sealing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;

namespace MfaEvents.Server.Tests.Accounts;

public sealed class PasswordTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_changed_password_replaces_the_old_one()
    {
        var account = await api.RegisteredAccount();
        const string changed = "a password after the change";

        (await account.Root.Put($"{account.RootPath}/password", new { newPassword = changed })).ShouldBe(HttpStatusCode.NoContent).Text.ShouldBeEmpty();

        (await IsPasswordAsync(account, "root", changed)).ShouldBeTrue();
        (await IsPasswordAsync(account, "root", account.Password)).ShouldBeFalse();
        (await api.EventsAsync(account.Id, "root")).Select(e => e.EventTypeName).TakeLast(2)
            .ShouldBe(["password_changed", "sessions_ended"]);
    }

    [Fact]
    public async Task A_user_changes_its_own_and_the_root_user_everybodys()
    {
        var account = await api.RegisteredAccount();
        var alice = await account.CreatedUser("alice");

        (await alice.Put($"{account.PrincipalPath("user:alice")}/password", new { newPassword = "alices own password" })).ShouldBe(HttpStatusCode.NoContent);
        (await IsPasswordAsync(account, "user:alice", "alices own password")).ShouldBeTrue();
        (await account.Root.Put($"{account.PrincipalPath("user:alice")}/password", new { newPassword = "a password by root" })).ShouldBe(HttpStatusCode.NoContent);
        (await IsPasswordAsync(account, "user:alice", "a password by root")).ShouldBeTrue();
        (await alice.Put($"{account.RootPath}/password", new { newPassword = "alice takes it all" })).ShouldRefuse(404, "not-found");
    }

    [Theory]
    [InlineData(null), InlineData(""), InlineData("elevenchars")]
    public async Task A_password_that_is_too_short_changes_nothing(string? newPassword)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Put($"{account.RootPath}/password", new { newPassword })).ShouldFindFault("newPassword");
        (await account.VersionOf("root")).ShouldBe(1);
        (await IsPasswordAsync(account, "root", account.Password)).ShouldBeTrue();
    }

    [Fact]
    public async Task Nobody_has_no_password_to_change()
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Put($"{account.PrincipalPath("user:nobody")}/password", new { newPassword = Scenarios.Password })).ShouldRefuse(404, "not-found");
        (await api.RowsAsync("select id from sealed.mt_doc_sealedpassword where tenant_id = $1", account.Id)).ShouldBe(["root"]);
    }

    // Opened as the product's own sign-in will: there is no other way to see which password is in force.
    private async Task<bool> IsPasswordAsync(OpenAccount account, string principal, string password)
    {
        await using var session = api.Store.QuerySession(account.Id);
        var row = (await session.LoadAsync<SealedPassword>(principal, TestContext.Current.CancellationToken))!;
        var hash = api.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("password", account.Id, principal).Unprotect(row.Sealed);
        return new PasswordHasher<string>().VerifyHashedPassword(principal, hash, password) != PasswordVerificationResult.Failed;
    }
}
