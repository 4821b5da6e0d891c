using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Access;

/// <summary><c>ops/token</c>: prints a development token, and nothing else.</summary>
public static class TokenCommand
{
    public static int Run(IReadOnlyList<string> arguments)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        if ((configuration["ASPNETCORE_ENVIRONMENT"] ?? Environments.Development) != Environments.Development)
        {
            System.Console.Error.WriteLine("ops/token mints tokens in Development only.");
            return 1;
        }

        try
        {
            var settings = MfaEventsSettings.Read(configuration);
            var request = DevelopmentTokenRequest.Parse(arguments);
            System.Console.WriteLine(DevelopmentTokens.Mint(settings.DataDirectory, request, DateTimeOffset.UtcNow));
            return 0;
        }
        catch (Exception exception) when (exception is ArgumentException or SettingsException)
        {
            System.Console.Error.WriteLine(exception.Message);
            return 2;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            System.Console.Error.WriteLine($"The key of development tokens cannot be read or written: {exception.Message}");
            return 1;
        }
    }
}
