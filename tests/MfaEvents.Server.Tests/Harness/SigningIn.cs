using System.Net;
using System.Text;
using System.Text.Json;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>A sign-in whose password was right.</summary>
public sealed record HalfSignIn(OpenAccount Account, Reply Reply, Person By)
{
    public string Path => $"/sign-ins/{Reply.TextOf("signInId")}";

    public Task<Reply> Code(HeldDevice device, string code) => By.Post(Path + "/codes", new { deviceId = device.Id, code });

    public Task<Reply> Resync(HeldDevice device, int stepsAway = 0) => By.Post(
        Path + "/resync", new { deviceId = device.Id, code1 = device.Code(stepsAway - 1), code2 = device.Code(stepsAway) });
}

/// <summary>What people without a token do to get one.</summary>
public static class SigningIn
{
    private static int addresses;

    /// <summary>An address that nobody else has, so that nobody else's wrong passwords count.</summary>
    public static string NewAddress()
    {
        var number = Interlocked.Increment(ref addresses);
        return $"198.18.{number / 250}.{number % 250 + 1}";
    }

    /// <summary>Somebody without a token, at the account's time and an address of their own.</summary>
    public static Person Stranger(this OpenAccount account) =>
        account.Host.Nobody() with { Time = account.Time, Address = NewAddress() };

    public static Task<Reply> SignIn(this Person by, OpenAccount account, string? password = null) =>
        by.Post("/sign-ins", new { email = account.Email, password = password ?? account.Password });

    public static Task<Reply> SignIn(this Person by, OpenAccount account, string userName, string password) =>
        by.Post("/sign-ins", new { accountId = account.Id, userName, password });

    /// <summary>The root user's password was right, and a code is due.</summary>
    public static async Task<HalfSignIn> HalfSignedIn(this OpenAccount account)
    {
        var stranger = account.Stranger();
        var reply = (await stranger.SignIn(account)).ShouldBe(HttpStatusCode.Created);
        return new HalfSignIn(account, reply, stranger with { SignInKey = reply.TextOf("signInKey") });
    }

    /// <summary>The root user with a token of its own, by password alone or with the device's next code.</summary>
    public static async Task<Person> SignedIn(this OpenAccount account, HeldDevice? device = null)
    {
        if (device is null)
        {
            var stranger = account.Stranger();
            return stranger.With((await stranger.SignIn(account)).ShouldBe(HttpStatusCode.OK));
        }

        account.Time.PassSteps(2);
        var half = await account.HalfSignedIn();
        return half.By.With((await half.Code(device, device.Code())).ShouldBe(HttpStatusCode.OK));
    }

    /// <summary>The same person with the token that was answered.</summary>
    public static Person With(this Person person, Reply answered) =>
        person with { RawToken = answered.TextOf("accessToken"), SignInKey = null };

    /// <summary>What a token says.</summary>
    public static JsonElement Claims(this Person person)
    {
        var payload = person.RawToken!.Split('.')[1].Replace('-', '+').Replace('_', '/');
        return JsonElement.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(payload.PadRight((payload.Length + 3) / 4 * 4, '='))));
    }
}
