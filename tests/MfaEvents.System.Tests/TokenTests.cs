using Microsoft.IdentityModel.JsonWebTokens;

namespace MfaEvents.SystemTests;

/// <summary>ops/token.</summary>
public sealed class TokenTests : IDisposable
{
    private readonly DataDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task It_prints_the_token_alone()
    {
        var run = await TokenAsync("--role", "owner", "--account", "123456789012", "--principal", "user:alice", "--amr", "pwd,otp", "--auth-age", "60", "--name", "Alice");
        run.ExitCode.ShouldBe(0, run.Error);
        var token = new JsonWebToken(run.Output.Trim());
        token.Alg.ShouldBe("ES256");
        token.Subject.ShouldBe("Alice");
        token.GetClaim("account").Value.ShouldBe("123456789012");
        token.GetClaim("principal").Value.ShouldBe("user:alice");
        token.Claims.Where(claim => claim.Type == "amr").Select(claim => claim.Value).ShouldBe(["pwd", "otp"]);
        (long.Parse(token.GetClaim("iat").Value) - long.Parse(token.GetClaim("auth_time").Value)).ShouldBe(60);
    }

    [Fact]
    public async Task Its_key_is_its_owners_alone()
    {
        await TokenAsync("--role", "auditor");
        var keys = Path.Combine(data.Path, "keys");
        File.GetUnixFileMode(keys).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.GetUnixFileMode(Path.Combine(keys, "development-tokens.pem")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Theory]
    [InlineData("--role", "king")]
    [InlineData("--role", "owner")]
    [InlineData("--role")]
    [InlineData("--roll", "owner")]
    [InlineData("--role", "auditor", "--auth-age", "-1")]
    public async Task A_wrong_option_is_explained_in_one_sentence(params string[] options)
    {
        var run = await TokenAsync(options);
        run.ExitCode.ShouldNotBe(0);
        run.Output.ShouldBe("");
        run.Error.ShouldBeOneSentence();
    }

    [Fact]
    public async Task It_mints_nothing_outside_Development()
    {
        var run = await Command.RunAsync(
            "ops/token", ["--role", "auditor"], ("MfaEvents__DataDirectory", data.Path), ("ASPNETCORE_ENVIRONMENT", "Production"));
        run.ExitCode.ShouldNotBe(0);
        run.Output.ShouldBe("");
    }

    private Task<Command> TokenAsync(params string[] options) => Command.RunAsync(
        "ops/token", options, ("MfaEvents__DataDirectory", data.Path), ("ASPNETCORE_ENVIRONMENT", "Development"));
}
