using System.Net;
using System.Text.RegularExpressions;
using Npgsql;
using Wolverine;

namespace MfaEvents.Server.Tests.Operations;

/// <summary>What leaves the process for its operator: everything that happened, and nobody's name.</summary>
[Collection(nameof(OperatedHost))]
public sealed class TelemetryTests(OperatedHost operated)
{
    [Fact]
    public async Task What_is_exported_and_logged_tells_what_happened_and_to_nobody()
    {
        var account = await operated.Host.RegisteredAccount();
        var alice = await account.CreatedUser("alice-in-wonderland");
        var device = await account.AssignedDevice(account.Root, "user:alice-in-wonderland", "a-very-own-phone").Activated();
        var code = device.Code();
        (await device.Verify(code)).ShouldBe(HttpStatusCode.OK);
        (await device.Verify(code)).ShouldRefuse(403, "invalid-authentication-code");
        (await device.Verify(device.WrongCode(), alice)).Status.ShouldBe(403);
        (await account.Root.Get($"{account.Path}/audit?sourceAddress=203.0.113.7")).ShouldBe(HttpStatusCode.OK);
        (await operated.Host.A("provisioner").Post("/accounts", new { account.AccountName, account.Email, account.Phone, account.Password }))
            .ShouldRefuse(409, "email-taken");
        await AFault(account);
        await AMessageThatFails(account);

        foreach (var figure in (string[])["mfaevents.codes", "mfaevents.projection.lag", "mfaevents.dead_letters", "http.server.request.duration", "dotnet.gc", "db.client"])
            await Scenarios.Eventually(() => Task.FromResult(Figures().Contains(figure, StringComparison.Ordinal)), $"{figure} is exported");
        foreach (var trace in (string[])["/accounts/{accountId}/principals/{principal}/mfa-devices/{deviceId}/verifications", "mt_doc_principalmfa", "OpenAccount"])
            await Scenarios.Eventually(() => Task.FromResult(Traces().Contains(trace, StringComparison.Ordinal)), $"{trace} is traced");

        operated.Exports.Select(export => export.Path).Distinct().ShouldBe(["/v1/traces", "/v1/metrics"], ignoreOrder: true);
        string[] telling =
        [
            account.Id, account.Email, account.Phone, account.AccountName, account.Password, "alice-in-wonderland", "a-very-own-phone",
            device.SecretKey, device.Id.ToString(), "203.0.113.7", "tests/1.0",
        ];
        foreach (var (path, text) in operated.Exports)
            foreach (var word in telling)
                Around(text, word).ShouldBeNull($"{path} tells {word}");
        operated.LogLines.ShouldContain(line => line.Contains("failed unexpectedly", StringComparison.Ordinal));
        foreach (var line in operated.LogLines)
            foreach (var word in telling)
                line.ShouldNotContain(word, Case.Insensitive);
        foreach (var line in operated.LogLines) Regex.IsMatch(line, $@"(?<![0-9a-f-]){code}(?![0-9a-f-])").ShouldBeFalse(line);
    }

    private string Figures() => string.Concat(operated.Exports.Where(export => export.Path == "/v1/metrics").Select(export => export.Text));

    private string Traces() => string.Concat(operated.Exports.Where(export => export.Path == "/v1/traces").Select(export => export.Text));

    private static string? Around(string text, string word)
    {
        var at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : text[Math.Max(0, at - 200)..Math.Min(text.Length, at + 100)];
    }

    /// <summary>The database refuses to store an event.</summary>
    private async Task AFault(OpenAccount account)
    {
        // The test's own statements are traced too: they may not name the account.
        var md5 = (await operated.Host.RowsAsync("select md5($1)", account.Id))[0];
        await using var connection = await operated.Host.ConnectAsync();
        await using var poison = new NpgsqlCommand(
            $$"""
            create or replace function mfa.poison() returns trigger language plpgsql as $f$ begin raise exception 'The disk of % is full', new.tenant_id; end $f$;
            create trigger poison before insert on mfa.mt_events for each row when (md5(new.tenant_id) = '{{md5}}') execute function mfa.poison();
            """,
            connection);
        await poison.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        (await account.Root.Post($"{account.Path}/users", new { userName = "bob" })).ShouldRefuse(500, "unexpected");
        await using var mended = new NpgsqlCommand("drop trigger poison on mfa.mt_events", connection);
        await mended.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A message whose handler throws, until it is a dead letter.</summary>
    private async Task AMessageThatFails(OpenAccount account)
    {
        var unopened = account.Id[..^1] + (account.Id[^1] == '0' ? '1' : '0');
        await using var scope = operated.Host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(
            new Server.Accounts.OpenAccount(unopened, "not sealed at all"), new DeliveryOptions { TenantId = unopened });
        await Scenarios.Eventually(
            async () => (await operated.Operator.Get("/dead-letters"))["items"].GetArrayLength() > 0, "the message is given up");
        foreach (var line in operated.LogLines) line.ShouldNotContain(unopened);
        foreach (var (_, text) in operated.Exports) Around(text, unopened).ShouldBeNull();
    }
}
