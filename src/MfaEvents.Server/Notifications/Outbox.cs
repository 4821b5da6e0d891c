using System.Security.Cryptography;

namespace MfaEvents.Server.Notifications;

/// <summary>
/// The folder <c>{DataDirectory}/outbox</c>, where mail and calls land that nobody is configured to take. What lies in it is
/// secret: it is its owner's alone.
/// </summary>
public static class Outbox
{
    public static string In(string dataDirectory) => Path.GetFullPath(Path.Combine(dataDirectory, "outbox"));

    /// <summary>Puts a file there, whole or not at all; one of the same name is replaced.</summary>
    public static async Task WriteAsync(
        string dataDirectory, string name, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        var folder = In(dataDirectory);
        const UnixFileMode owners = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, owners | UnixFileMode.UserExecute);

        var aside = Path.Combine(folder, $".{name}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = owners;
        try
        {
            await using (var file = new FileStream(aside, options))
            {
                await file.WriteAsync(content, cancellation);
                file.Flush(flushToDisk: true);
            }

            File.Move(aside, Path.Combine(folder, name), overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }
}
