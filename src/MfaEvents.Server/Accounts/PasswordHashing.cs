using MfaEvents.Core.Accounts;
using MfaEvents.Server.Sealing;
using Wolverine.Http;

namespace MfaEvents.Server.Accounts;

/// <summary>
/// Hashes the password of a request before its stream is locked: hashing is slow by intention, and a lock is not held for it.
/// </summary>
public static class PasswordHashing
{
    /// <summary>Puts the hashing in front of the endpoints that set a password on a locked stream.</summary>
    public static void Apply(WolverineHttpOptions http)
    {
        http.AddMiddleware(typeof(OfChangePassword), chain => chain.RequestType == typeof(ChangePassword));
        http.AddMiddleware(typeof(OfCreateUser), chain => chain.RequestType == typeof(CreateUser));
    }

    public static class OfChangePassword
    {
        public static SealedPassword Before(ChangePassword command, string accountId, string principal, Seals seals) =>
            seals.SealPassword(accountId, principal, command.NewPassword);
    }

    public static class OfCreateUser
    {
        public static SealedPassword? Before(CreateUser command, string accountId, Seals seals) =>
            command.Password is { } password
                ? seals.SealPassword(accountId, Principal.User(command.UserName), password)
                : null;
    }
}
