using System.Net;
using OtpNet;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>An account that a test registered, with people in it. It lives in its own time.</summary>
public sealed record OpenAccount(MfaHost Host, string Id, string AccountName, string Email, string Phone, string Password, Moment Time)
{
    public string Path => $"/accounts/{Id}";

    public Person Root => Owner("root");

    public string RootPath => PrincipalPath("root");

    public string PrincipalPath(string principal) => $"{Path}/principals/{principal}";

    public Person Owner(string principal) =>
        new(Host) { Roles = ["owner"], Accounts = [Id], Principal = principal, Time = Time };

    public Person User(string userName) => Owner($"user:{userName}");

    /// <summary>Somebody with another role, whose token names this account.</summary>
    public Person A(string role) => new(Host) { Roles = [role], Accounts = [Id], Time = Time };

    public Task<long> VersionOf(string stream) => Scenarios.VersionAsync(this, stream);
}

/// <summary>A device that a test assigned, and the authenticator app that holds its secret.</summary>
public sealed record HeldDevice(OpenAccount Account, Person Owner, string Principal, Guid Id, string Name, string SecretKey)
{
    public string Path => $"{Account.PrincipalPath(Principal)}/mfa-devices/{Id}";

    /// <summary>The code that the app shows now, or so many steps away.</summary>
    public string Code(int stepsAway = 0) =>
        new Hotp(Base32Encoding.ToBytes(SecretKey), OtpHashMode.Sha1, 6).ComputeHOTP(Account.Time.Step + stepsAway);

    /// <summary>Two consecutive codes of which the second is shown now, or so many steps away.</summary>
    public object Codes(int stepsAway = 0) => new { code1 = Code(stepsAway - 1), code2 = Code(stepsAway) };

    /// <summary>A code that the app shows at no time within four hours.</summary>
    public string WrongCode()
    {
        var shown = Enumerable.Range(-480, 961).Select(Code).ToHashSet();
        return Enumerable.Range(0, 1_000_000).Select(number => number.ToString("D6")).First(code => !shown.Contains(code));
    }

    public Task<Reply> Verify(string code, Person? by = null) => (by ?? Owner).Post(Path + "/verifications", new { code });

    public Task<Reply> SubmitCodes(object codes, Person? by = null) => (by ?? Owner).Post(Path + "/codes", codes);

    public Task<Reply> Resync(object codes, Person? by = null) => (by ?? Owner).Post(Path + "/resync", codes);
}

/// <summary>Preconditions: what must have happened before a test begins, each a sentence.</summary>
public static class Scenarios
{
    public const string Password = "correct horse battery staple";

    private static int count;

    /// <summary>A name that no other test has.</summary>
    public static string NewName(string stem) => $"{stem}{Interlocked.Increment(ref count)}";

    public static string NewEmail() => $"{NewName("owner")}@example.com";

    public static string NewPhone() => $"+1415555{Interlocked.Increment(ref count) % 10_000:D4}";

    /// <summary>Somebody with a role and no account in its token.</summary>
    public static Person A(this MfaHost host, string role) => new(host) { Roles = [role] };

    public static Person Nobody(this MfaHost host) => new(host);

    public static object Registration(string? email = null) =>
        new { accountName = "Example", email = email ?? NewEmail(), phone = NewPhone(), password = Password };

    public static async Task<OpenAccount> RegisteredAccount(this MfaHost host, string? accountName = null)
    {
        var account = new OpenAccount(host, "", accountName ?? NewName("Example Corp "), NewEmail(), NewPhone(), $"{Password} {Guid.NewGuid()}", new Moment());
        var reply = await (host.A("provisioner") with { Time = account.Time })
            .Post("/accounts", new { account.AccountName, account.Email, account.Phone, account.Password });
        return account with { Id = reply.ShouldBe(HttpStatusCode.Created).TextOf("accountId") };
    }

    public static async Task<Person> CreatedUser(this OpenAccount account, string? userName = null)
    {
        userName ??= NewName("user");
        (await account.Root.Post($"{account.Path}/users", new { userName })).ShouldBe(HttpStatusCode.Created);
        return account.User(userName);
    }

    public static Task<HeldDevice> AssignedDevice(this OpenAccount account, string? deviceName = null) =>
        account.AssignedDevice(account.Root, "root", deviceName);

    public static async Task<HeldDevice> AssignedDevice(this OpenAccount account, Person by, string principal, string? deviceName = null)
    {
        deviceName ??= NewName("phone");
        var reply = await by.Post($"{account.PrincipalPath(principal)}/mfa-devices", new { deviceName, deviceType = "virtual" });
        reply.ShouldBe(HttpStatusCode.Created);
        return new HeldDevice(account, by, principal, reply["deviceId"].GetGuid(), deviceName, reply.TextOf("secretKey"));
    }

    /// <summary>The device was activated a minute ago, so that its current code is unused.</summary>
    public static async Task<HeldDevice> Activated(this HeldDevice device)
    {
        (await device.SubmitCodes(device.Codes())).ShouldBe(HttpStatusCode.OK).TextOf("status").ShouldBe("active");
        device.Account.Time.PassSteps(2);
        return device;
    }

    public static async Task<HeldDevice> Activated(this Task<HeldDevice> device) => await (await device).Activated();

    /// <summary>The device was activated too late, with codes of twenty minutes ago.</summary>
    public static async Task<HeldDevice> OutOfSync(this Task<HeldDevice> assigned)
    {
        var device = await assigned;
        (await device.SubmitCodes(device.Codes(-40))).ShouldBe(HttpStatusCode.OK).TextOf("status").ShouldBe("outOfSync");
        return device;
    }

    /// <summary>A code was accepted, and the next one is shown.</summary>
    public static async Task<HeldDevice> Verified(this HeldDevice device)
    {
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);
        device.Account.Time.PassSteps(1);
        return device;
    }

    public static async Task<long> VersionAsync(this OpenAccount account, string stream) =>
        (await account.Host.EventsAsync(account.Id, stream)).Count;

    /// <summary>Waits until something is so; however long it takes, up to a minute, it is no failure.</summary>
    public static async Task Eventually(Func<Task<bool>> so, string what)
    {
        for (var tries = 0; tries < 600; tries++)
        {
            if (await so()) return;
            await Task.Delay(100);
        }

        throw new ShouldAssertException($"It did not come to pass within a minute: {what}");
    }

    /// <summary>The same thing many times at once.</summary>
    public static Task<Reply[]> AtOnce(int times, Func<int, Task<Reply>> request) =>
        Task.WhenAll(Enumerable.Range(0, times).Select(number => Task.Run(() => request(number))));
}
