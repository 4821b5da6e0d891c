namespace MfaEvents.Server.Sealing;

/// <summary>The folder of all keys, which nobody but the server's own user may enter.</summary>
public static class KeyFolder
{
    public static string PathIn(string dataDirectory) => Path.Combine(Path.GetFullPath(dataDirectory), "keys");

    /// <summary>The folder, made when it is not there yet.</summary>
    public static DirectoryInfo In(string dataDirectory)
    {
        var folder = PathIn(dataDirectory);
        if (OperatingSystem.IsWindows()) return Directory.CreateDirectory(folder);

        const UnixFileMode onlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var directory = Directory.CreateDirectory(folder, onlyOwner);
        File.SetUnixFileMode(folder, onlyOwner);
        return directory;
    }
}
