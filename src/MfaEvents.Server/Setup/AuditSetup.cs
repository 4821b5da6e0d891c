using MfaEvents.Server.Audit;
using MfaEvents.Server.Audit.Log;
using MfaEvents.Server.Audit.Verification;
using MfaEvents.Server.Jobs;

namespace MfaEvents.Server.Setup;

public static class AuditSetup
{
    /// <summary>The audit trail and what proves it.</summary>
    public static void AddAudit(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<EventData>();
        builder.Services.AddSingleton<Checkpoints>();
        builder.Services.AddSingleton<LogVerifier>();
        builder.Services.AddSingleton<TrailRebuild>();
        builder.Services.AddSingleton<ViewRebuild>();
        builder.Services.AddSingleton<Rebuilders>();
        builder.Services.AddSingleton<WriteCheckpoints>();
        builder.Services.AddHostedService(services => services.GetRequiredService<WriteCheckpoints>());
        builder.Services.AddSingleton<ICheckpointStore, FolderCheckpoints>();
    }
}
