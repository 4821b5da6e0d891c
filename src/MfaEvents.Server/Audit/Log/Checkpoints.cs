using Marten;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Audit.Log;

/// <summary>Signs the heads of logs.</summary>
public sealed class Checkpoints(CheckpointKeys keys, MfaEventsSettings settings)
{
    /// <summary>The signed note of an account's log at a size, which it must have reached.</summary>
    public async Task<string> NoteAsync(IQuerySession session, long size, CancellationToken cancellation)
    {
        var root = await new AuditLog(session).RootAsync(size, cancellation);
        return (await keys.SignAsync(new Checkpoint(OriginOf(session.TenantId), size, root).ToString(), cancellation)).ToString();
    }

    /// <summary>Which log it is, to the world.</summary>
    public string OriginOf(string accountId) => $"{settings.PublicUrl.IdnHost}{Routes.Accounts}/{accountId}/audit";
}
