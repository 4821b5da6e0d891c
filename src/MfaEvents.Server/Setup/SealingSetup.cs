using MfaEvents.Server.Sealing;
using Microsoft.AspNetCore.DataProtection;

namespace MfaEvents.Server.Setup;

public static class SealingSetup
{
    /// <summary>The key ring, a folder beside the database and never in it.</summary>
    public static void AddSealing(this WebApplicationBuilder builder, MfaEventsSettings settings)
    {
        builder.Services.AddSingleton<Seals>();
        builder.Services.AddSingleton<TokenKeys>();
        builder.Services.AddDataProtection()
            .SetApplicationName("MfaEvents")
            .PersistKeysToFileSystem(KeyFolder.In(settings.DataDirectory));
    }
}
