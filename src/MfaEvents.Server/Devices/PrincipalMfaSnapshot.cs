using JasperFx.Events;
using Marten.Events.Aggregation;
using MfaEvents.Core.Devices;

namespace MfaEvents.Server.Devices;

/// <summary>
/// Keeps the state of each principal's stream, in the transaction of its events: what a command reads, and the device list.
/// </summary>
public sealed partial class PrincipalMfaSnapshot : SingleStreamProjection<PrincipalMfa, string>
{
    public override PrincipalMfa? Evolve(PrincipalMfa? snapshot, string id, IEvent e)
    {
        return PrincipalMfa.Evolve(snapshot, id, e.Data, e.Timestamp);
    }
}
