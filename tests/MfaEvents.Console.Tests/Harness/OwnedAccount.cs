namespace MfaEvents.ConsoleTests.Harness;

/// <summary>An account, and what its owner signs in with.</summary>
public sealed record OwnedAccount(TestAccount Api, string Email)
{
    public string Id => Api.Id;

    public string Credentials => $"/console{Api.Principal("root")}";

    public static async Task<OwnedAccount> RegisterAsync(ServerProcess server)
    {
        var (email, provisioner) = (Scenario.NewEmail(), await server.TokenAsync("--role", "provisioner"));
        var registered = (await server.Api.PostAsync("/accounts", provisioner, Scenario.Registration(email))).ShouldBe(201);
        return new OwnedAccount(await server.OwnerOfAsync(registered["accountId"]!), email);
    }
}
