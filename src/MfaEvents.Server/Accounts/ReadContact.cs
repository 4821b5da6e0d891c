using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;

namespace MfaEvents.Server.Accounts;

/// <summary>How an account is reached; what was erased is null.</summary>
public sealed record ContactView(string? Email, string? Phone, string? PendingEmail, string? PendingPhone);

/// <summary>Tells how an account is reached, and what waits for confirmation.</summary>
public static class ReadContactEndpoint
{
    [WolverineGet(Routes.Contact), Allow(Role.Owner, RootOnly = true)]
    [Answers(200, typeof(ContactView))]
    public static async Task<Answer> Get(string accountId, IQuerySession session, Seals seals, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is not { } account) return Problems.NotFound;
        var contact = await session.ContactAsync(accountId, account, seals, cancellation);
        return Answer.Ok(new ContactView(contact.Email, contact.Phone, contact.PendingEmail, contact.PendingPhone));
    }
}
