namespace MfaEvents.Server.Sealing;

/// <summary>Files that are their owner's alone (0600), and that nobody reads half written.</summary>
public static class PrivateFile
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Makes the file when it is not there yet. Of processes that start together one does, under a lock that ends with its
    /// process: File.Move alone does not tell of a file that another put there a moment ago.
    /// </summary>
    public static void Make(string file, Func<string> text)
    {
        if (File.Exists(file)) return;
        using var onlyOne = Lock(file + ".lock");
        if (!File.Exists(file)) Write(file, text());
    }

    /// <summary>Writes the file aside and moves it to its place, over the one that is there.</summary>
    public static void Write(string file, string text)
    {
        var aside = $"{file}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.new";
        using (var writer = new StreamWriter(OwnersAlone(aside, FileMode.Create))) writer.Write(text);
        File.Move(aside, file, overwrite: true);
    }

    private static FileStream Lock(string file)
    {
        var patience = DateTimeOffset.UtcNow + LockPatience;
        while (true)
        {
            try
            {
                return OwnersAlone(file, FileMode.OpenOrCreate);
            }
            catch (IOException) when (DateTimeOffset.UtcNow < patience)
            {
                Thread.Sleep(10);
            }
        }
    }

    private static FileStream OwnersAlone(string file, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(file, options);
    }
}
