using System.Net;
using System.Text.RegularExpressions;
using MimeKit;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>A recovery that a test began, and whoever began it.</summary>
public sealed record BegunRecovery(OpenAccount Account, Reply Reply, Person By)
{
    public Guid Id => Reply["recoveryId"].GetGuid();

    public string Path => $"/recoveries/{Id}";

    public string Stream => $"recovery:{Id}";

    public Task<Reply> ProveEmail(string token) => By.Post(Path + "/email-proofs", new { token });

    public Task<Reply> Call() => By.Post(Path + "/calls");

    public Task<Reply> Get() => By.Get(Path);

    public Task<Reply> Complete() => By.Post(Path + "/completion");

    /// <summary>Whoever got the link of a notice needs no key.</summary>
    public Task<Reply> Repudiate(string token) => Account.Stranger().Post(Path + "/repudiation", new { token });

    public async Task<string> Step() => (await Get()).ShouldBe(HttpStatusCode.OK).TextOf("step");

    public async Task<string[]> Events() =>
        [.. (await Account.Host.EventsAsync(Account.Id, Stream)).Select(e => e.EventTypeName).Where(name => name != "recovery_mail_sent")];

    /// <summary>The mail as it lies in the outbox; waits for it.</summary>
    public async Task<MimeMessage> Mail()
    {
        var file = System.IO.Path.Combine(Account.Host.DataDirectory, "outbox", $"recovery.{Id}.eml");
        await Scenarios.Eventually(() => Task.FromResult(File.Exists(file)), $"the mail of {Stream}");
        return await MimeMessage.LoadAsync(file);
    }

    public Task<string> EmailToken() => Token("recovery-email");

    public Task<string> RepudiationToken() => Token("repudiation");

    private async Task<string> Token(string page) =>
        Regex.Match((await Mail()).TextBody!, $@"/links/{page}\?token=([0-9A-Za-z._-]+)").Groups[1].Value;
}

/// <summary>How root users who lost their device get in.</summary>
public static class Recovering
{
    /// <summary>An account whose root user has an active device, and no other.</summary>
    public static async Task<(OpenAccount Account, HeldDevice Lost)> AccountWithLostDevice(this MfaHost host)
    {
        var account = await host.RegisteredAccount();
        return (account, await account.AssignedDevice().Activated());
    }

    public static Task<Reply> TryRecovery(this HalfSignIn half) => half.By.Post("/recoveries", new { signInId = half.Reply.TextOf("signInId") });

    public static async Task<BegunRecovery> BegunRecovery(this OpenAccount account)
    {
        var half = await account.HalfSignedIn();
        var reply = (await half.TryRecovery()).ShouldBe(HttpStatusCode.Created);
        return new BegunRecovery(account, reply, half.By with { SignInKey = null, RecoveryKey = reply.TextOf("recoveryKey") });
    }

    public static async Task<BegunRecovery> EmailProven(this Task<BegunRecovery> begun)
    {
        var recovery = await begun;
        (await recovery.ProveEmail(await recovery.EmailToken())).ShouldBe(HttpStatusCode.OK).TextOf("step").ShouldBe("phone");
        return recovery;
    }

    public static async Task<BegunRecovery> PhoneProven(this Task<BegunRecovery> begun)
    {
        var recovery = await begun;
        var call = (await recovery.Call()).ShouldBe(HttpStatusCode.Created);
        (await recovery.Account.KeyDigits(call["callId"].GetGuid(), call.TextOf("digits"))).ShouldBe(HttpStatusCode.NoContent);
        return recovery;
    }

    public static Task<BegunRecovery> VerifiedRecovery(this OpenAccount account) => account.BegunRecovery().EmailProven().PhoneProven();

    /// <summary>The root user with the token of a completed recovery.</summary>
    public static async Task<(BegunRecovery Recovery, Person Root)> CompletedRecovery(this OpenAccount account)
    {
        var recovery = await account.VerifiedRecovery();
        var reply = (await recovery.Complete()).ShouldBe(HttpStatusCode.OK);
        return (recovery, recovery.By.With(reply) with { RecoveryKey = null });
    }
}
