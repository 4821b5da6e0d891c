using System.Diagnostics;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MfaEvents.SystemTests;

/// <summary><c>ops/token</c>, without a server.</summary>
public sealed class TokenTests : IDisposable
{
    private const UnixFileMode OwnerReadsAndWrites = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task It_prints_the_token_alone()
    {
        var watch = Stopwatch.StartNew();
        var token = await Token.RunAsync(folder.Data, "--role", "provisioner");
        TestContext.Current.TestOutputHelper!.WriteLine($"{watch.ElapsedMilliseconds} ms");

        token.Succeeded().ShouldMatch(@"\A[\w-]+\.[\w-]+\.[\w-]+\n\z");
        token.Error.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("owner"), InlineData("service"), InlineData("support-agent"), InlineData("support-approver")]
    [InlineData("auditor"), InlineData("operator"), InlineData("provisioner")]
    public async Task It_knows_every_role(string role)
    {
        var token = await ReadAsync("--role", role, "--account", "123456789012");
        token.Claims.Where(claim => claim.Type == "roles").Select(claim => claim.Value).ShouldBe([role]);
        token.GetClaim("account").Value.ShouldBe("123456789012");
    }

    [Fact]
    public async Task It_takes_every_option()
    {
        var token = await ReadAsync(
            "--role", "owner", "--account", "123456789012", "--principal", "user:alice", "--amr", "pwd,otp", "--auth-age", "600",
            "--name", "Alice Adams");

        token.Alg.ShouldBe("ES256");
        token.Subject.ShouldBe("Alice Adams");
        token.GetClaim("principal").Value.ShouldBe("user:alice");
        token.Claims.Where(claim => claim.Type == "amr").Select(claim => claim.Value).ShouldBe(["pwd", "otp"]);
        (long.Parse(token.GetClaim("iat").Value, null) - long.Parse(token.GetClaim("auth_time").Value, null)).ShouldBe(600);
    }

    [Fact]
    public async Task An_owner_is_the_root_user_unless_it_is_told_otherwise()
    {
        var token = await ReadAsync("--role", "owner", "--account", "123456789012");
        token.GetClaim("principal").Value.ShouldBe("root");
        token.Subject.ShouldBe("arn:aws:iam::123456789012:root");
    }

    [Theory]
    [InlineData]
    [InlineData("--role")]
    [InlineData("--role", "king")]
    [InlineData("--roll", "owner")]
    [InlineData("provisioner")]
    [InlineData("--role", "owner")]
    [InlineData("--role", "owner", "--account", "123456789012", "--account", "210987654321")]
    [InlineData("--role", "owner", "--account", "12345")]
    [InlineData("--role", "owner", "--account", "123456789012", "--principal", "alice")]
    [InlineData("--role", "auditor", "--auth-age", "-1")]
    [InlineData("--role", "auditor", "--auth-age", "soon")]
    public async Task A_wrong_option_gets_a_sentence_and_no_token(params string[] options) =>
        (await Token.RunAsync(folder.Data, options)).Sentence.ShouldNotBeEmpty();

    [Fact]
    public async Task A_data_directory_that_cannot_be_gets_a_sentence_that_names_it()
    {
        var file = folder["file"];
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        (await Token.RunAsync(Path.Combine(file, "data"), "--role", "auditor")).Sentence.ShouldContain(file);
    }

    [Theory]
    [InlineData("Production"), InlineData("Staging")]
    public async Task It_mints_nothing_outside_Development(string environment)
    {
        var settings = Settings.None.With("MfaEvents__DataDirectory", folder.Data).With("ASPNETCORE_ENVIRONMENT", environment);
        var token = await Command.RunAsync(settings, Repository.Ops("token"), "--role", "provisioner");
        token.Sentence.ShouldContain("Development");
        Directory.Exists(folder.Data).ShouldBeFalse();
    }

    [Fact]
    public async Task Its_key_is_readable_for_its_owner_alone()
    {
        await ReadAsync("--role", "provisioner");
        var keys = Path.Combine(folder.Data, "keys");
        File.GetUnixFileMode(keys).ShouldBe(OwnerReadsAndWrites | UnixFileMode.UserExecute);
        Directory.GetFiles(keys).Select(Path.GetFileName).Order().ShouldBe(["development-tokens.pem", "development-tokens.pem.lock"]);
        Directory.GetFiles(keys).ShouldAllBe(file => File.GetUnixFileMode(file) == OwnerReadsAndWrites);
    }

    [Fact]
    public async Task Tokens_minted_at_the_same_time_in_a_new_data_directory_share_one_key()
    {
        var minting = Enumerable.Range(0, 6).Select(_ => Token.MintAsync(folder.Data, "--role", "provisioner"));
        var tokens = await Task.WhenAll(minting);
        await using var server = await ServerProcess.StartAsync(folder.Data);
        foreach (var token in tokens)
            (await server.Api.PostAsync("/accounts", token, Scenario.Registration(Scenario.NewEmail()))).ShouldBe(201);
    }

    private async Task<JsonWebToken> ReadAsync(params string[] options) => new(await Token.MintAsync(folder.Data, options));
}
