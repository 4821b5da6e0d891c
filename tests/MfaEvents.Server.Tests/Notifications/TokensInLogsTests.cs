using MfaEvents.Server.Tests.Operations;

namespace MfaEvents.Server.Tests.Notifications;

[Collection(nameof(OperatedHost))]
public sealed class TokensInLogsTests(OperatedHost operated)
{
    [Fact]
    public async Task No_log_line_and_no_trace_holds_the_token_of_a_link()
    {
        var account = await operated.Host.RegisteredAccount();
        await account.CreatedUser("alice");
        var mail = await Mailbox.Of(account).Get("A user was created");
        var browser = account.Stranger();
        (await browser.Get(mail.Link)).Status.ShouldBe(200);
        (await browser.PostForm(mail.Link, ("token", mail.Token))).Status.ShouldBe(200);
        (await browser.Post("/repudiations", new { token = mail.Token })).ShouldRefuse(403, "invalid-proof");
        (await browser.Get("/links/" + mail.Token)).ShouldRefuse(404, "not-found");

        await Scenarios.Eventually(
            () => Task.FromResult(operated.Exports.Any(export => export.Text.Contains("/links/{purpose}", StringComparison.Ordinal))), "the trace is exported");
        var secret = mail.Token[13..];
        foreach (var line in operated.LogLines) line.ShouldNotContain(secret);
        foreach (var (_, text) in operated.Exports)
        {
            text.ShouldNotContain(secret);
            text.ShouldNotContain(account.Email);
        }
    }
}
