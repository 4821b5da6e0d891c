using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Sealing;

namespace MfaEvents.Server.SignIn;

/// <summary>Who somebody says they are: a root user by e-mail address, an IAM user by account and name.</summary>
public sealed record SignInName(string? Email, string? AccountId, string? UserName)
{
    /// <summary>The name as it is compared: without case.</summary>
    public IReadOnlyList<string?> Parts =>
        [Email is null ? null : RootEmail.IdOf(Email), AccountId, UserName is null ? null : IamUser.IdOf(UserName)];
}

/// <summary>A principal that exists, and the password that it was asked for.</summary>
public sealed record NamedPrincipal(string AccountId, string Principal, string SealedPassword);

/// <summary>
/// Finds a principal by name and compares its password. A name that nobody has costs the same queries and the same hash, and
/// gives the same answer (ASVS 6.3.8).
/// </summary>
public sealed class Credentials(IDirectoryStore directory, IDocumentStore store, Seals seals) : IDisposable
{
    /// <summary>The account in whose place one is asked for that does not exist: no account id begins with a zero.</summary>
    public const string NoAccount = "000000000000";

    /// <summary>The principal in whose place one is asked for that does not exist: a user has a name.</summary>
    public const string NoUser = "user:";

    // Hashing is slow by intention: a crowd of guessers waits in line and does not take the processors from everybody else.
    private readonly SemaphoreSlim hashing = new(Environment.ProcessorCount);

    /// <summary>The principal of that name, if there is one, and whether this is its password.</summary>
    public async Task<(NamedPrincipal? Who, bool Proven)> CheckAsync(
        SignInName name, string password, CancellationToken cancellation)
    {
        var (accountId, principal) = name.Email is { } email
            ? (await RootOfAsync(email, cancellation), Principal.Root)
            : (name.AccountId!, await UserOfAsync(name.AccountId!, name.UserName!, cancellation));

        await using var session = store.QuerySession(accountId ?? NoAccount);
        var stored = await session.LoadAsync<SealedPassword>(principal ?? NoUser, cancellation);

        await hashing.WaitAsync(cancellation);
        try
        {
            if (stored is not null)
                return (new NamedPrincipal(accountId!, principal!, stored.Sealed),
                    seals.IsPassword(stored, accountId!, principal!, password));
            Seals.CompareInVain(password);
            return (null, false);
        }
        finally
        {
            hashing.Release();
        }
    }

    public void Dispose() => hashing.Dispose();

    private async Task<string?> RootOfAsync(string email, CancellationToken cancellation)
    {
        await using var session = directory.QuerySession();
        var found = await session.LoadAsync<RootEmail>(RootEmail.IdOf(email), cancellation);
        return found is { HeldUntil: null } ? found.AccountId : null;
    }

    private async Task<string?> UserOfAsync(string accountId, string userName, CancellationToken cancellation)
    {
        await using var session = store.QuerySession(accountId);
        var user = await session.LoadAsync<IamUser>(IamUser.IdOf(userName), cancellation);
        return user is { DeletedAt: null } ? Principal.User(user.UserName) : null;
    }
}
