using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace MfaEvents.Server.Accounts;

public sealed record ChangeContact([Email] string Email, [Phone] string Phone);

/// <summary>Asks for another address or number. It is pending until confirmed, also when the address is taken.</summary>
public static class ChangeContactEndpoint
{
    public static string StreamKey() => Account.StreamKey;

    [WolverinePut(Routes.Contact), Allow(Role.Owner, RootOnly = true), FreshSignIn(FreshFor.Contact)]
    [Answers(202, typeof(ContactView))]
    public static async Task<(Answer, Events, IMartenOp)> Put(
        ChangeContact command,
        string accountId,
        [WriteModel(FromMethod = nameof(StreamKey), LoadStyle = ModelConcurrencyStyle.Exclusive)] Account account,
        IDocumentSession session,
        Seals seals,
        CancellationToken cancellation)
    {
        var current = await session.ContactAsync(accountId, account, seals, cancellation);
        var wanted = current with
        {
            PendingEmail = RootEmail.IdOf(command.Email) == RootEmail.IdOf(current.Email) ? null : command.Email,
            PendingPhone = command.Phone == current.Phone ? null : command.Phone,
        };
        var answer = Answer.Accepted(new ContactView(wanted.Email, wanted.Phone, wanted.PendingEmail, wanted.PendingPhone));
        if (wanted == current) return (answer, [], MartenOps.Nothing());

        var version = account.ContactVersion + 1;
        return (answer,
            [new ContactChangeRequested(version, wanted.PendingEmail is not null, wanted.PendingPhone is not null)],
            MartenOps.Insert(seals.Seal(accountId, version, wanted)));
    }
}
