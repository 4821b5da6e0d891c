namespace MfaEvents.Server.Tests.Access;

public sealed class TokensTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Theory]
    [InlineData(null), InlineData("not-a-token"), InlineData("a.b.c"),
     InlineData("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0.a.b.c.d"),
     InlineData("eyJhbGciOiJub25lIn0.eyJpc3MiOiJ1cm46bWZhZXZlbnRzOmRldmVsb3BtZW50IiwiYXVkIjoibWZhZXZlbnRzIiwic3ViIjoieCIsInJvbGVzIjpbInByb3Zpc2lvbmVyIl19.")]
    public async Task What_is_no_token_of_ours_is_nobody(string? token)
    {
        var account = await api.RegisteredAccount();
        var reply = (await (api.Nobody() with { RawToken = token }).Get(account.Path)).ShouldRefuse(401, "unauthenticated");
        reply.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
    }

    [Fact]
    public async Task A_token_of_another_key_is_nobody()
    {
        var account = await api.RegisteredAccount();
        var folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var forged = MfaEvents.Server.Access.DevelopmentTokens.Mint(
                folder,
                MfaEvents.Server.Access.DevelopmentTokenRequest.Parse(["--role", "owner", "--account", account.Id]),
                DateTimeOffset.UtcNow);
            (await (api.Nobody() with { RawToken = forged }).Get(account.Path)).ShouldRefuse(401, "unauthenticated");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_changed_token_is_nobody()
    {
        var account = await api.RegisteredAccount();
        var token = api.Token(MfaEvents.Server.Access.DevelopmentTokenRequest.Parse(["--role", "owner", "--account", account.Id]));
        (await (api.Nobody() with { RawToken = token }).Get(account.Path)).Status.ShouldBe(200);
        var parts = token.Split('.');
        var payload = (parts[1][5] == 'A' ? 'B' : 'A') + parts[1][6..];
        (await (api.Nobody() with { RawToken = $"{parts[0]}.{parts[1][..5]}{payload}.{parts[2]}" }).Get(account.Path)).ShouldRefuse(401, "unauthenticated");
    }

    // Two keys would leave whoever lost with tokens that nobody trusts.
    [Fact]
    public void Processes_that_start_together_make_one_key()
    {
        for (var round = 0; round < 50; round++)
        {
            var folder = Directory.CreateTempSubdirectory("mfa-token-key-").FullName;
            using var together = new Barrier(4);
            var keys = new string[4];
            var starting = Enumerable.Range(0, 4).Select(number => new Thread(() =>
            {
                together.SignalAndWait();
                keys[number] = MfaEvents.Server.Access.DevelopmentTokens.Key(folder).ECDsa.ExportSubjectPublicKeyInfoPem();
            })).ToList();
            starting.ForEach(thread => thread.Start());
            starting.ForEach(thread => thread.Join());
            Directory.Delete(folder, recursive: true);
            keys.Distinct().ShouldHaveSingleItem();
        }
    }
}
