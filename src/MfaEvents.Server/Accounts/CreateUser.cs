using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Accounts;

public sealed record CreatedUser(string UserName, string Arn);

public sealed record CreateUser([UserName] string UserName, [Password] string? Password = null);

/// <summary>Creates an IAM user, who may sign in when it has a password.</summary>
public static class CreateUserEndpoint
{
    public static string StreamKey() => Account.StreamKey;

    [WolverinePost(Routes.Users), Allow(Role.Owner, RootOnly = true)]
    [Answers(201, typeof(CreatedUser)), Refuses(409, "user-exists")]
    public static async Task<(Answer, Events, IMartenOp, IMartenOp)> Post(
        CreateUser command,
        string accountId,
        [WriteModel(FromMethod = nameof(StreamKey), LoadStyle = ModelConcurrencyStyle.Exclusive)] Account account,
        SealedPassword? password,
        IDocumentSession session,
        CancellationToken cancellation)
    {
        if (await session.LoadAsync<IamUser>(IamUser.IdOf(command.UserName), cancellation) is not null)
            return (Problems.UserExists, [], MartenOps.Nothing(), MartenOps.Nothing());

        var principal = Principal.User(command.UserName);
        return (
            Answer.Created(
                $"{Routes.Accounts}/{accountId}/users/{Uri.EscapeDataString(command.UserName)}",
                new CreatedUser(command.UserName, Arn.OfPrincipal(accountId, principal))),
            [new UserCreated(command.UserName)],
            MartenOps.StartStream<PrincipalMfa>(principal, new PrincipalCreated()),
            password is null ? MartenOps.Nothing() : MartenOps.Insert(password));
    }
}
