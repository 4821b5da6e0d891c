using System.Net;
using Npgsql;

namespace MfaEvents.Server.Tests.Access;

/// <summary>What an attacker found once: each keeps the request that showed it.</summary>
public sealed class FoundByAttackTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Theory]
    [InlineData("."), InlineData("..")]
    public async Task A_user_cannot_be_called_what_an_address_takes_for_a_folder(string userName)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Post(account.Path + "/users", new { userName })).ShouldFindFault("userName");
    }

    [Fact]
    public async Task A_body_is_answered_in_JSON_whatever_is_asked_for()
    {
        var account = await api.RegisteredAccount();
        (await (account.Root with { Accept = "text/html" }).Post(account.Path + "/users", new { userName = "alice" }))
            .ShouldBe(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("%20{0}"), InlineData("{0}%20"), InlineData("%7B{0}%7D")]
    public async Task A_UUID_has_one_spelling(string spelling)
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        var path = string.Format(null, account.RootPath + "/mfa-devices/" + spelling, device.Id);
        (await account.Root.Get(path)).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_before_its_query_is_wrong()
    {
        var account = await api.RegisteredAccount();
        foreach (var path in (string[])["/principals/user:ghost/mfa-devices?at=x", "/principals/user:ghost/history?fromVersion=x"])
            (await account.Root.Get(account.Path + path)).ShouldRefuse(404, "not-found");
        (await api.A("auditor").Get("/accounts/000000000000/audit?limit=0")).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task A_sign_in_in_the_future_is_not_fresh()
    {
        var account = await api.RegisteredAccount();
        var early = account.Root with { SignedInAgo = TimeSpan.FromHours(-2) };
        (await early.Post(account.RootPath + "/mfa-devices", new { deviceName = "phone", deviceType = "virtual" }))
            .ShouldRefuse(401, "insufficient-user-authentication");
    }

    [Fact]
    public async Task A_deleted_user_has_no_answers_left()
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");
        var (path, body) = (account.PrincipalPath("user:alice") + "/mfa-devices", new { deviceName = "phone", deviceType = "virtual" });
        var device = (await account.Root.Repeatably("k").Post(path, body)).ShouldBe(HttpStatusCode.Created);
        (await account.Root.Delete(device.Location!)).ShouldBe(HttpStatusCode.NoContent);
        (await account.Root.Delete(account.Path + "/users/alice")).ShouldBe(HttpStatusCode.NoContent);
        (await account.Root.Repeatably("k").Post(path, body)).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task A_renamed_device_is_answered_again_as_it_was_called_first()
    {
        var account = await api.RegisteredAccount();
        var (path, body) = (account.RootPath + "/mfa-devices", new { deviceName = "phone", deviceType = "virtual" });
        var first = (await account.Root.Repeatably("k").Post(path, body)).ShouldBe(HttpStatusCode.Created);
        (await account.Root.Patch(first.Location!, new { deviceName = "other" })).ShouldBe(HttpStatusCode.OK);
        (await account.Root.Repeatably("k").Post(path, body)).Text.ShouldBe(first.Text);
    }

    [Fact]
    public async Task Another_spelling_of_the_address_is_the_same_request()
    {
        var account = await api.RegisteredAccount();
        var body = new { deviceName = "phone", deviceType = "virtual" };
        var first = (await account.Root.Repeatably("k").Post(account.RootPath + "/mfa-devices", body)).ShouldBe(HttpStatusCode.Created);
        (await account.Root.Repeatably("k").Post(account.RootPath.Replace("accounts", "ACCOUNTS", StringComparison.Ordinal) + "/mfa-devices/", body))
            .Text.ShouldBe(first.Text);
    }

    [Theory]
    [InlineData("2026-11-24T13:00:00.Z"), InlineData("2026-11-24T13:00:00"), InlineData("2026-11-24")]
    public async Task What_is_no_RFC_3339_is_no_instant(string at)
    {
        var account = await api.RegisteredAccount();
        (await account.Root.Get($"{account.RootPath}/mfa-devices?at={at}")).ShouldFindFault("at");
    }

    [Fact]
    public async Task The_API_description_has_the_rules_of_a_password_and_knows_that_a_user_needs_none()
    {
        var schemas = (await api.Nobody().Get("/openapi/v1.json"))["components"].GetProperty("schemas");
        var password = schemas.GetProperty("RegisterAccount").GetProperty("properties").GetProperty("password");
        password.GetProperty("minLength").GetInt32().ShouldBe(12);
        password.GetProperty("maxLength").GetInt32().ShouldBe(128);
        schemas.GetProperty("CreateUser").GetProperty("required").EnumerateArray().Select(member => member.GetString()).ShouldBe(["userName"]);
    }

    [Fact]
    public async Task A_lock_that_is_held_too_long_is_answered_with_503_and_nothing_has_happened()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice();
        await using var connection = await api.ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var held = new NpgsqlCommand("select id from mfa.mt_streams where tenant_id = $1 and id = 'root' for update", connection);
        held.Parameters.Add(new NpgsqlParameter { Value = account.Id });
        await held.ExecuteScalarAsync(TestContext.Current.CancellationToken);

        // Without the timeout the answer would be the same, half a minute later.
        await using var servers = (NpgsqlConnection)api.Store.Storage.Database.CreateConnection();
        await servers.OpenAsync(TestContext.Current.CancellationToken);
        await using var setting = new NpgsqlCommand("show lock_timeout", servers);
        (await setting.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe("5s");

        var reply = (await device.SubmitCodes(device.Codes())).ShouldRefuse(503, "unavailable");
        reply.Headers.RetryAfter.ShouldNotBeNull();
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        (await account.VersionOf("root")).ShouldBe(2);
    }
}
