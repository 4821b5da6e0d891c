using Marten;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Operations;
using Microsoft.Extensions.Logging.Console;

namespace MfaEvents.Server.Setup;

public static class Logs
{
    /// <summary>JSON lines for a machine, plain text for a developer, and no parameter of a statement in either.</summary>
    public static void AddLogs(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<StoreLog>();
        builder.Services.ConfigureMarten((services, store) => store.Logger(services.GetRequiredService<StoreLog>()));
        builder.Services.ConfigureMarten<IDirectoryStore>(
            (services, store) => store.Logger(services.GetRequiredService<StoreLog>()));
        if (builder.Environment.IsDevelopment()) return;
        builder.Logging.ClearProviders();
        builder.Logging.AddConsole(console => console.FormatterName = JsonLines.FormatterName);
        builder.Logging.AddConsoleFormatter<JsonLines, ConsoleFormatterOptions>();
    }
}
