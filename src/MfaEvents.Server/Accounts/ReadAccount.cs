using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;

namespace MfaEvents.Server.Accounts;

public sealed record AccountView(string AccountId, string? AccountName, string Arn, DateTimeOffset CreatedAt);

/// <summary>Tells what an account is called and when it was opened.</summary>
public static class ReadAccountEndpoint
{
    [WolverineGet(Routes.Account)]
    [Allow(Role.Owner, Role.Service, Role.SupportAgent, Role.SupportApprover, Role.Auditor, Role.Operator, Role.Provisioner)]
    [Answers(200, typeof(AccountView))]
    public static async Task<Answer> Get(string accountId, IQuerySession session, Seals seals, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is not { } account) return Problems.NotFound;
        var contact = await session.ContactAsync(accountId, account, seals, cancellation);
        var arn = Arn.OfPrincipal(accountId, Principal.Root);
        return Answer.Ok(new AccountView(accountId, contact.AccountName, arn, account.CreatedAt));
    }
}
