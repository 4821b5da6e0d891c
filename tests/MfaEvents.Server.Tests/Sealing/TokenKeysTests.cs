using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Sealing;

namespace MfaEvents.Server.Tests.Sealing;

/// <summary>The keys of the product's own access tokens, on two nodes of one database and key ring.</summary>
public sealed class TokenKeysTests(TestRun run)
{
    [Fact]
    public async Task Nodes_that_start_together_make_one_key()
    {
        await using var host = await run.StartHostAsync("token_keys_first");
        var nodes = Enumerable.Range(0, 8).Select(_ => Node(host)).ToArray();

        var signing = await Task.WhenAll(nodes.Select(node => Task.Run(() => node.SigningAsync(TestContext.Current.CancellationToken))));

        signing.Select(credentials => credentials.Key.KeyId).Distinct().ShouldHaveSingleItem();
        (await host.RowsAsync("select id from sealed.mt_doc_tokenkey")).ShouldHaveSingleItem();
        foreach (var node in nodes) node.Dispose();
    }

    [Fact]
    public async Task What_one_node_signs_another_verifies_at_once()
    {
        await using var host = await run.StartHostAsync("token_keys_nodes");
        using var one = Node(host);
        using var other = Node(host);
        other.Find("unknown").ShouldBeEmpty();
        await Task.Delay(300, TestContext.Current.CancellationToken);

        var signing = await one.SigningAsync(TestContext.Current.CancellationToken);

        (await VerifyAsync(Token(signing), other)).ShouldBeTrue();
        signing.Algorithm.ShouldBe("ES256");
        var published = (await other.PublicAsync(TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
        published.Kid.ShouldBe(signing.Key.KeyId);
        published.HasPrivateKey.ShouldBeFalse();
    }

    [Fact]
    public async Task An_unknown_key_verifies_nothing()
    {
        using var keys = Node(run.Host);
        using var foreign = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var own = await keys.SigningAsync(TestContext.Current.CancellationToken);

        keys.Find(null).ShouldBeEmpty();
        keys.Find("").ShouldBeEmpty();
        var forged = new SigningCredentials(new ECDsaSecurityKey(foreign) { KeyId = own.Key.KeyId }, SecurityAlgorithms.EcdsaSha256);
        (await VerifyAsync(Token(forged), keys)).ShouldBeFalse();
    }

    [Fact]
    public async Task The_private_part_is_sealed()
    {
        using var keys = Node(run.Host);
        await keys.SigningAsync(TestContext.Current.CancellationToken);
        foreach (var row in await run.Host.RowsAsync("select data->>'sealedPrivateKey' from sealed.mt_doc_tokenkey"))
            row.ShouldStartWith("CfDJ8");
    }

    private static TokenKeys Node(MfaHost host) => new(
        host.Services.GetRequiredService<IDirectoryStore>(), host.Services.GetRequiredService<Seals>(),
        host.Services.GetRequiredService<MfaEvents.Server.Setup.MfaEventsSettings>(), host.Clock);

    private static string Token(SigningCredentials signing) => new JsonWebTokenHandler().CreateToken(
        new SecurityTokenDescriptor { Issuer = "us", Audience = "us", SigningCredentials = signing });

    private static async Task<bool> VerifyAsync(string token, TokenKeys keys) =>
        (await new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = "us",
            ValidAudience = "us",
            IssuerSigningKeyResolver = (_, _, kid, _) => keys.Find(kid),
        })).IsValid;
}
