using JasperFx.Events;
using Marten.Events.Aggregation;
using MfaEvents.Core.Accounts;

namespace MfaEvents.Server.Accounts;

/// <summary>Keeps the state of the account stream, in the transaction of its events.</summary>
public sealed partial class AccountSnapshot : SingleStreamProjection<Account, string>
{
    // Without it Marten looks for an account's row at every event of a principal, too: a round trip under the principal's lock.
    public AccountSnapshot() => IncludeType<IAccountEvent>();

    public override Account? Evolve(Account? snapshot, string id, IEvent e)
    {
        return e.Data is IAccountEvent happened ? Account.Evolve(snapshot, happened, e.Timestamp) : snapshot;
    }
}
