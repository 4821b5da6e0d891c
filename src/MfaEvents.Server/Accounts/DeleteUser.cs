using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Support;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Accounts;

/// <summary>
/// Deletes a user that has no device left; a case about it ends. The principal's stream is locked first, so that no device slips
/// in.
/// </summary>
public static class DeleteUserEndpoint
{
    public static string StreamKey(string userName) => Principal.User(userName);

    [WolverineDelete(Routes.User), Allow(Role.Owner, RootOnly = true)]
    [Answers(204), Refuses(409, "delete-conflict")]
    public static async Task<(Answer, Events, IMartenOp)> Delete(
        string userName,
        [WriteModel(FromMethod = nameof(StreamKey), LoadStyle = ModelConcurrencyStyle.Exclusive)] PrincipalMfa principal,
        IDocumentSession session,
        CancellationToken cancellation)
    {
        if (!principal.Devices.IsEmpty) return (Problems.DeleteConflict, [], MartenOps.Nothing());

        var account = await session.Events.FetchForExclusiveWriting<Account>(Account.StreamKey, cancellation);
        account.AppendOne(new UserDeleted(userName));
        if (await session.CaseInProgressAsync(principal.Id, cancellation) is { Aggregate: { } found } inProgress)
            inProgress.AppendMany(found.PrincipalGone());
        return (Answer.NoContent, [new PrincipalDeleted()], MartenOps.Delete<SealedPassword>(principal.Id));
    }
}
