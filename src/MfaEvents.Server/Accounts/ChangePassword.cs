using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Accounts;

public sealed record ChangePassword([Password] string NewPassword);

/// <summary>Changes a principal's password; its sessions end, but for the one that asks.</summary>
public static class ChangePasswordEndpoint
{
    [WolverinePut(Routes.Password), Allow(Role.Owner), FreshSignIn(FreshFor.Password), ServesRecovery]
    [Answers(204)]
    public static (Answer, Events, IMartenOp) Put(
        ChangePassword command,
        SealedPassword password,
        Caller caller,
        [WriteModel("principal", LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa state) =>
        (Answer.NoContent,
            [new PasswordChanged(), new SessionsEnded(SessionsEndReason.PasswordChanged, caller.SessionOf(state.Id))],
            MartenOps.Store(password));
}
