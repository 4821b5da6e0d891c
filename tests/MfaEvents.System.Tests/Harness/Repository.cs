namespace MfaEvents.SystemTests.Harness;

/// <summary>The checkout that these tests were built in.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>The server as <c>ops/run</c> builds it.</summary>
    public static string Server => Path.Combine(Root, "src/MfaEvents.Server/bin/Release/net10.0/MfaEvents.Server.dll");

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "MfaEvents.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
