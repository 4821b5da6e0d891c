using Microsoft.Extensions.Logging.Console;

namespace MfaEvents.Server.Setup;

public static class Logs
{
    /// <summary>JSON lines for a machine to read; plain text for a developer.</summary>
    public static void AddLogs(this WebApplicationBuilder builder)
    {
        if (builder.Environment.IsDevelopment()) return;
        builder.Logging.ClearProviders();
        builder.Logging.AddConsole(console => console.FormatterName = JsonLines.FormatterName);
        builder.Logging.AddConsoleFormatter<JsonLines, ConsoleFormatterOptions>();
    }
}
