using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>
/// The folder of the server's Unix socket. It is the whole access control of the embedded database, which asks for no
/// password: the server user alone (and root) may enter.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static partial class SocketDirectory
{
    // sun_path of unix(7) holds 108 bytes on Linux and 104 on macOS.
    private const int LongestSocketPath = 100;

    /// <summary>A new folder, in the data directory or, when that has a long or unusual name, in /tmp.</summary>
    /// <exception cref="EmbeddedPostgresException">The file system gave it another mode or owner than asked for.</exception>
    public static async Task<string> CreateAsync(DataDirectory data, CancellationToken cancellationToken)
    {
        var folder = data["postgres.socket"];
        // A file of an earlier server says that its process has the socket; see the stale postmaster.pid.
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        if (Encoding.UTF8.GetByteCount(folder + "/.s.PGSQL.5432") >= LongestSocketPath || !PlainPath().IsMatch(folder))
            folder = $"/tmp/mfaevents-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

        Directory.CreateDirectory(folder, ServerUser.OnlyOwner);
        await ServerUser.GiveAsync(folder, cancellationToken);
        if (File.GetUnixFileMode(folder) != ServerUser.OnlyOwner || !await ServerUser.OwnsAsync(folder, cancellationToken))
        {
            throw new EmbeddedPostgresException(
                $"{folder} is not closed to other users:"
                + " set MfaEvents:DataDirectory to a folder on a file system with owners and modes.");
        }

        return folder;
    }

    // A comma separates folders for PostgreSQL and hosts for Npgsql; a quote ends a setting.
    [GeneratedRegex("^[A-Za-z0-9/._-]+$")]
    private static partial Regex PlainPath();
}
