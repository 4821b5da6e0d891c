using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Accounts;

public sealed record ChangePassword([Password] string NewPassword);

public static class ChangePasswordEndpoint
{
    /// <summary>Hashing is slow by intention, so it comes before the lock.</summary>
    public static SealedPassword Before(ChangePassword command, string accountId, string principal, Seals seals)
    {
        return seals.SealPassword(accountId, principal, command.NewPassword);
    }

    [WolverinePut(Routes.Password), Allow(Role.Owner), FreshSignIn(FreshFor.Password)]
    [Answers(204)]
    public static (Answer, Events, IMartenOp) Put(
        ChangePassword command,
        SealedPassword password,
        [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa state) =>
        (Answer.NoContent, [new PasswordChanged()], MartenOps.Store(password));
}
