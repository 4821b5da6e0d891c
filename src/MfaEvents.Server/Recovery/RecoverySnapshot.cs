using JasperFx.Events;
using Marten.Events.Aggregation;
using MfaEvents.Core.Recovery;

namespace MfaEvents.Server.Recovery;

/// <summary>Keeps the state of each recovery, in the transaction of its events.</summary>
public sealed partial class RecoverySnapshot : SingleStreamProjection<RootRecovery, string>
{
    // As for accounts: other streams' events cost it nothing.
    public RecoverySnapshot() => IncludeType<IRecoveryEvent>();

    public override RootRecovery? Evolve(RootRecovery? snapshot, string id, IEvent e)
    {
        return e.Data is IRecoveryEvent happened ? RootRecovery.Evolve(snapshot, id, happened, e.Timestamp) : snapshot;
    }
}
