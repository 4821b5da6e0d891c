using JasperFx.Events;
using Marten.Events.Aggregation;
using MfaEvents.Core.Accounts;

namespace MfaEvents.Server.Accounts;

/// <summary>Keeps the state of the account stream, in the transaction of its events.</summary>
public sealed partial class AccountSnapshot : SingleStreamProjection<Account, string>
{
    public override Account? Evolve(Account? snapshot, string id, IEvent e)
    {
        return Account.Evolve(snapshot, e.Data, e.Timestamp);
    }
}
