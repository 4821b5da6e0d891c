using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;

namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>What a command answered; <see cref="Output"/> is its standard output and then its standard error.</summary>
internal sealed record CommandResult(int ExitCode, string Output)
{
    public bool Succeeded => ExitCode == 0;

    public string LastLine =>
        Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
}

/// <summary>
/// The user of the operating system that the database runs as: the current one, but never root, which PostgreSQL refuses.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static class ServerUser
{
    public const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const string Unprivileged = "nobody";

    public static bool IsAnother => Environment.IsPrivilegedProcess;

    public static string Name => IsAnother ? Unprivileged : Environment.UserName;

    public static ProcessStartInfo Command(string file, params IEnumerable<string> arguments)
    {
        var command = Redirected(file, arguments);
        if (IsAnother)
            command.UserName = Unprivileged;
        return command;
    }

    public static Task<CommandResult> RunAsync(string file, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        RunAsync(Command(file, arguments), cancellationToken);

    /// <summary>Makes the server user the owner of a file or a folder that the current process has just made.</summary>
    public static async Task GiveAsync(string path, CancellationToken cancellationToken)
    {
        if (!IsAnother)
            return;
        if (await RunAsync(Redirected("chown", [Unprivileged, path]), cancellationToken) is { Succeeded: false } failed)
            throw new EmbeddedPostgresException($"{path} could not be given to the user {Unprivileged}: {failed.LastLine}");
    }

    public static async Task<bool> OwnsAsync(string path, CancellationToken cancellationToken) =>
        (await RunAsync("/bin/sh", ["-c", "[ -O \"$1\" ] && [ ! -L \"$1\" ]", "sh", path], cancellationToken)).Succeeded;

    /// <summary>The outermost folder on the way to <paramref name="path"/> that the server user may not enter, or null.</summary>
    public static async Task<string?> BlockedAtAsync(string path, CancellationToken cancellationToken)
    {
        Stack<string> way = new();
        for (var folder = path; folder is not null; folder = Path.GetDirectoryName(folder))
            way.Push(folder);
        const string script = """for d; do [ -x "$d" ] || [ ! -e "$d" ] || { echo "$d"; exit 1; }; done""";
        var result = await RunAsync("/bin/sh", ["-c", script, "sh", .. way], cancellationToken);
        return result.Succeeded ? null : result.LastLine;
    }

    private static ProcessStartInfo Redirected(string file, IEnumerable<string> arguments) => new(file, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        // The current one may be closed to the server user.
        WorkingDirectory = "/",
    };

    private static async Task<CommandResult> RunAsync(ProcessStartInfo command, CancellationToken cancellationToken)
    {
        using var process = Start(command);
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new(process.ExitCode, await output + await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    public static Process Start(ProcessStartInfo command)
    {
        try
        {
            return Process.Start(command)!;
        }
        catch (Win32Exception e)
        {
            throw new EmbeddedPostgresException($"{command.FileName} could not be run as the user {Name}: {e.Message}", e);
        }
    }
}
