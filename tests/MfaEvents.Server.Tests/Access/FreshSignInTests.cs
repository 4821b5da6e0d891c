using System.Net;

namespace MfaEvents.Server.Tests.Access;

/// <summary>RFC 9470: what changes devices, contact or password needs a fresh sign-in, with a second factor once the caller has one.</summary>
public sealed class FreshSignInTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    public static TheoryData<string, string, bool> Guarded => new()
    {
        { "POST", "{principal}/mfa-devices", true },
        { "POST", "{device}/codes", true },
        { "POST", "{device}/resync", true },
        { "PATCH", "{device}", true },
        { "DELETE", "{device}", true },
        { "PUT", "{principal}/password", true },
        { "PUT", "{account}/contact", false },
    };

    public static TheoryData<string, string> Unguarded => new()
    {
        { "GET", "{account}" }, { "GET", "{account}/contact" }, { "GET", "{account}/users" }, { "POST", "{account}/users" }, { "GET", "{account}/audit" },
        { "GET", "{principal}/mfa-devices" }, { "GET", "{device}" }, { "POST", "{device}/verifications" }, { "GET", "{principal}/history" },
    };

    [Theory, MemberData(nameof(Guarded))]
    public async Task A_sign_in_of_more_than_fifteen_minutes_ago_is_stale(string verb, string path, bool recoveryServes)
    {
        var (account, device) = await AnAccountWithADevice();
        recoveryServes.ShouldBe(path != "{account}/contact");
        var version = await account.VersionOf("root");

        var reply = (await Try(account, account.Root with { SignedInAgo = TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(2) }, verb, path, device))
            .ShouldRefuse(401, "insufficient-user-authentication");

        reply.Headers.WwwAuthenticate.ToString().ShouldBe(
            "Bearer error=\"insufficient_user_authentication\", error_description=\"A fresh sign-in is needed\", max_age=\"900\"");
        (await account.VersionOf("root")).ShouldBe(version);
        await Passes(account, account.Root with { SignedInAgo = TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(2) }, verb, path, device);
    }

    [Theory, MemberData(nameof(Guarded))]
    public async Task A_password_alone_is_not_enough_once_a_device_was_activated(string verb, string path, bool recoveryServes)
    {
        var (account, device) = await AnAccountWithADevice();

        (await Try(account, account.Root with { Methods = ["pwd"] }, verb, path, device)).ShouldRefuse(401, "insufficient-user-authentication");
        (await Try(account, account.Root with { Methods = [] }, verb, path, device)).ShouldRefuse(401, "insufficient-user-authentication");
        (await Try(account, account.Root with { Methods = ["OTP", "mfa", "sms"] }, verb, path, device)).ShouldRefuse(401, "insufficient-user-authentication");
        await Passes(account, account.Root with { Methods = ["pwd", "otp"] }, verb, path, device);
        await Passes(account, account.Root with { Methods = ["hwk"] }, verb, path, device);

        var recovered = account.Root with { Methods = ["pwd", "recovery"] };
        if (recoveryServes) await Passes(account, recovered, verb, path, device);
        else (await Try(account, recovered, verb, path, device)).ShouldRefuse(401, "insufficient-user-authentication");
    }

    [Theory, MemberData(nameof(Guarded))]
    public async Task A_password_is_enough_while_no_device_was_activated(string verb, string path, bool recoveryServes)
    {
        var account = await api.RegisteredAccount();
        var pending = await account.AssignedDevice();
        recoveryServes.ShouldBe(path != "{account}/contact");
        await Passes(account, account.Root with { Methods = ["pwd"] }, verb, path, pending);
    }

    [Fact]
    public async Task An_out_of_sync_device_still_counts()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().OutOfSync();
        (await Try(account, account.Root with { Methods = ["pwd"] }, "DELETE", "{device}", device)).ShouldRefuse(401, "insufficient-user-authentication");
    }

    [Fact]
    public async Task Once_the_last_device_is_gone_a_password_is_enough_again()
    {
        var (account, device) = await AnAccountWithADevice();
        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);
        await Passes(account, account.Root with { Methods = ["pwd"] }, "POST", "{principal}/mfa-devices", device);
    }

    [Fact]
    public async Task The_callers_own_devices_count_and_never_the_targets()
    {
        var account = await api.RegisteredAccount();
        var alice = await account.CreatedUser("alice");
        var hers = await account.AssignedDevice(alice, "user:alice").Activated();
        var withPassword = account.Root with { Methods = ["pwd"] };

        // The root user has no device: its password is enough, also to act on a user who has one.
        (await withPassword.Patch(hers.Path, new { deviceName = Scenarios.NewName("r") })).ShouldBe(HttpStatusCode.OK);

        // Now it has one: its password is not enough, not even to act on a user who has none.
        await account.CreatedUser("bob");
        await account.AssignedDevice().Activated();
        (await withPassword.Patch(hers.Path, new { deviceName = Scenarios.NewName("r") })).ShouldRefuse(401, "insufficient-user-authentication");
        (await withPassword.Post(account.PrincipalPath("user:bob") + "/mfa-devices", new { deviceName = "d", deviceType = "virtual" }))
            .ShouldRefuse(401, "insufficient-user-authentication");
        (await (alice with { Methods = ["pwd"] }).Delete(hers.Path)).ShouldRefuse(401, "insufficient-user-authentication");
    }

    [Fact]
    public async Task A_recovery_sets_the_own_password_and_nobody_elses()
    {
        var (account, _) = await AnAccountWithADevice();
        await account.CreatedUser("alice");
        var recovered = account.Root with { Methods = ["pwd", "recovery"] };
        (await recovered.Put(account.PrincipalPath("user:alice") + "/password", new { newPassword = Scenarios.Password }))
            .ShouldRefuse(401, "insufficient-user-authentication");
        (await recovered.Put(account.RootPath + "/password", new { newPassword = Scenarios.Password })).ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory, MemberData(nameof(Unguarded))]
    public async Task Reading_verifying_and_making_users_needs_no_fresh_sign_in(string verb, string path)
    {
        var (account, device) = await AnAccountWithADevice();
        await Passes(account, account.Root with { SignedInAgo = TimeSpan.FromHours(6), Methods = ["pwd"] }, verb, path, device);
    }

    private async Task<(OpenAccount Account, HeldDevice Device)> AnAccountWithADevice()
    {
        var account = await api.RegisteredAccount();
        return (account, await account.AssignedDevice().Activated());
    }

    // Without a body: whoever passes the sign-in is told what is wrong with that, or has nothing to send.
    private static async Task Passes(OpenAccount account, Person person, string verb, string path, HeldDevice device)
    {
        if (verb == "DELETE") device = device with { Id = (await account.AssignedDevice()).Id };
        (await Try(account, person, verb, path, device)).Status.ShouldBeOneOf(200, 204, 400);
    }

    private static Task<Reply> Try(OpenAccount account, Person person, string verb, string path, HeldDevice device) =>
        person.Send(new HttpMethod(verb), path
            .Replace("{principal}", account.RootPath, StringComparison.Ordinal)
            .Replace("{account}", account.Path, StringComparison.Ordinal)
            .Replace("{device}", device.Path, StringComparison.Ordinal));
}
