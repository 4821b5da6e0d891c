using System.Globalization;

namespace MfaEvents.SystemTests.Harness;

/// <summary>An account on a server, and a token of its root user.</summary>
public sealed record TestAccount(ServerProcess Server, string Id, string Token)
{
    public Api Api => Server.Api;

    public string Path => $"/accounts/{Id}";

    public string Principal(string principal) => $"{Path}/principals/{principal}";

    public string Devices(string principal = "root") => $"{Principal(principal)}/mfa-devices";

    /// <summary>The account on another server, or on the same one after another start.</summary>
    public TestAccount On(ServerProcess server) => this with { Server = server };
}

/// <summary>An assigned device as its owner holds it.</summary>
public sealed record TestDevice(string Path, string Id, string Name, string SecretKey, JsonObject Shown);

/// <summary>Steps that many tests begin with.</summary>
public static class Scenario
{
    public const string Password = "correct horse battery staple";

    public static JsonObject Registration(string email) => new()
    {
        ["accountName"] = "Acme",
        ["email"] = email,
        ["phone"] = "+14155550100",
        ["password"] = Password,
    };

    public static string NewEmail() => $"root-{Guid.NewGuid():n}@example.com";

    public static async Task<TestAccount> RegisterAsync(this ServerProcess server)
    {
        var provisioner = await server.TokenAsync("--role", "provisioner");
        var registered = (await server.Api.PostAsync("/accounts", provisioner, Registration(NewEmail()))).ShouldBe(201);
        return await server.OwnerOfAsync(registered["accountId"]!);
    }

    public static async Task<TestAccount> OwnerOfAsync(this ServerProcess server, string account) => new(
        server,
        account,
        await server.TokenAsync("--role", "owner", "--account", account, "--principal", "root", "--amr", "pwd,otp"));

    public static async Task CreateUserAsync(this TestAccount account, string userName) =>
        (await account.Api.PostAsync($"{account.Path}/users", account.Token, new JsonObject { ["userName"] = userName })).ShouldBe(201);

    public static async Task<TestDevice> AssignAsync(this TestAccount account, string name, string principal = "root")
    {
        var reply = await account.Api.PostAsync(account.Devices(principal), account.Token, Assignment(name));
        var shown = reply.ShouldBe(201).Body!.AsObject();
        var id = shown["deviceId"]!.ToString();
        return new TestDevice($"{account.Devices(principal)}/{id}", id, name, shown["secretKey"]!.ToString(), shown);
    }

    public static JsonObject Assignment(string name) => new() { ["deviceName"] = name, ["deviceType"] = "virtual" };

    public static async Task<JsonArray> HistoryAsync(this TestAccount account, string principal = "root") =>
        (await account.Api.GetAsync($"{account.Principal(principal)}/history", account.Token)).ShouldBe(200).Body!["items"]!.AsArray();

    /// <summary>Waits until the audit trail holds everything that has happened before.</summary>
    public static Task AuditTrailIsCompleteAsync(this TestAccount account)
    {
        var now = DateTimeOffset.UtcNow;
        return Eventually.Holds("the audit trail is complete", TimeSpan.FromSeconds(60), async () =>
            (await account.Api.GetAsync($"{account.Path}/audit?limit=1", account.Token)).ShouldBe(200)["upTo"] is { } upTo
            && DateTimeOffset.Parse(upTo, CultureInfo.InvariantCulture) > now);
    }

    public static Task<Reply> SubmitAsync(this TestAccount account, TestDevice device, string code1, string code2) =>
        account.Api.PostAsync(device.Path + "/codes", account.Token, new JsonObject { ["code1"] = code1, ["code2"] = code2 });

    public static Task<Reply> VerifyAsync(this TestAccount account, TestDevice device, string code) =>
        account.Api.PostAsync(device.Path + "/verifications", account.Token, new JsonObject { ["code"] = code });

    /// <summary>A device that is active and has spent nothing later than the step before this one.</summary>
    public static async Task<TestDevice> ActivateAsync(this TestAccount account, string name, string principal = "root")
    {
        var device = await account.AssignAsync(name, principal);
        await Authenticator.HasTimeAsync(TimeSpan.FromSeconds(8));
        var codes = await Authenticator.CodesAsync(device.SecretKey, -2, 2);
        (await account.SubmitAsync(device, codes[0], codes[1])).ShouldBe(200)["status"].ShouldBe("active");
        return device;
    }
}
