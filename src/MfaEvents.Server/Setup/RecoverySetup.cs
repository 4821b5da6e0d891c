using MfaEvents.Server.Notifications.Notices;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Recovery;

namespace MfaEvents.Server.Setup;

public static class RecoverySetup
{
    /// <summary>The root user's recovery.</summary>
    public static void AddRecovery(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Recoveries>();
        builder.Services.AddSingleton<RecoveryRepudiations>();
        builder.Services.AddSingleton<IRepudiable>(services => services.GetRequiredService<RecoveryRepudiations>());
        builder.Services.AddSingleton<IAnsweredByPhone, RecoveryAnswered>();
    }
}
