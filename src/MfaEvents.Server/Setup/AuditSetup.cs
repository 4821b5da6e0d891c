using MfaEvents.Server.Audit;
using MfaEvents.Server.Audit.Log;
using MfaEvents.Server.Audit.Verification;

namespace MfaEvents.Server.Setup;

public static class AuditSetup
{
    /// <summary>The audit trail and what proves it.</summary>
    public static void AddAudit(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<EventData>();
        builder.Services.AddSingleton<LogVerifier>();
        builder.Services.AddSingleton<ICheckpointStore, FolderCheckpoints>();
    }
}
