using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using MfaEvents.Server.Sealing;
using Npgsql;

namespace MfaEvents.Server.Setup;

public static class Starting
{
    /// <summary>Starts what was composed.</summary>
    /// <exception cref="SettingsException">The database, the keys or the address cannot be had as it is configured.</exception>
    public static async Task StartOrExplainAsync(this WebApplication app)
    {
        try
        {
            await app.Services.GetRequiredService<KeyRing>().OpenAsync(CancellationToken.None);
            await app.StartAsync();
        }
        catch (Exception exception) when (Sentence(exception) is { } sentence)
        {
            // Some services have started: this node takes itself off the list of those that share the work.
            await app.StopAsync();
            throw new SettingsException(sentence, exception);
        }
    }

    private static string? Sentence(Exception? exception) => exception switch
    {
        null => null,
        PostgresException refused => $"The database of ConnectionStrings:Mfa cannot be used: {refused.MessageText}.",
        NpgsqlException => $"The database of ConnectionStrings:Mfa cannot be used: {exception.Message}.",
        IOException { InnerException: AddressInUseException } or SocketException =>
            $"The server cannot listen (ASPNETCORE_URLS): {exception.Message}",
        FormatException => $"The configuration is wrong: ASPNETCORE_URLS: {exception.Message}.",
        _ => Sentence(exception.InnerException),
    };
}
