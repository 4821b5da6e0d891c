using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;

namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>A folder of PostgreSQL's programs that the server user can run, and the major version they are of.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed partial record PostgresBinaries(string Folder, int Major)
{
    private const int OldestMajor = 15;

    // Where the packages of Debian, of the PostgreSQL project (RPM) and of Homebrew put a major version.
    private static readonly (string Parent, string Pattern)[] Installations =
    [
        ("/usr/lib/postgresql", "*"),
        ("/usr", "pgsql-*"),
        ("/opt/homebrew/opt", "postgresql@*"),
        ("/usr/local/opt", "postgresql@*"),
    ];

    public string Initdb => Path.Combine(Folder, "initdb");

    public string PgCtl => Path.Combine(Folder, "pg_ctl");

    /// <summary>
    /// The configured folder and nothing else; otherwise the first of cache, installations and PATH, where one that fits
    /// the cluster's version goes before one that does not.
    /// </summary>
    /// <param name="options">The configured folder and the cache.</param>
    /// <param name="clusterMajor">The version that made the cluster, null when there is none yet.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="EmbeddedPostgresException">There is none, or the server user cannot run it.</exception>
    public static async Task<PostgresBinaries> FindAsync(
        EmbeddedPostgresOptions options, int? clusterMajor, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(options.Binaries))
        {
            var folder = Path.GetFullPath(options.Binaries);
            return await ProbeAsync(folder, cancellationToken)
                ?? throw new EmbeddedPostgresException(
                    $"MfaEvents:EmbeddedPostgres:Binaries names {folder}, which holds no PostgreSQL {OldestMajor} or newer"
                    + $" (postgres, initdb and pg_ctl) that runs on this machine{await WhyNotAsync(folder, cancellationToken)}.");
        }

        PostgresBinaries? ofAnotherVersion = null;
        string? broken = null;
        await foreach (var folder in CandidatesAsync(options.Cache, cancellationToken))
        {
            if (await ProbeAsync(folder, cancellationToken) is not { } found)
                broken ??= IsComplete(folder) ? folder : null;
            else if (clusterMajor is null || found.Major == clusterMajor)
                return found;
            else
                ofAnotherVersion ??= found;
        }

        return ofAnotherVersion ?? throw new EmbeddedPostgresException(broken is null
            ? $"No PostgreSQL {OldestMajor} or newer was found: install it (Debian: apt-get install postgresql;"
                + " macOS: brew install postgresql@17), or name its folder in MfaEvents:EmbeddedPostgres:Binaries,"
                + " or a server in ConnectionStrings:Mfa."
            : $"The PostgreSQL in {broken} is older than {OldestMajor} or does not run here"
                + $"{await WhyNotAsync(broken, cancellationToken)}: install PostgreSQL {OldestMajor} or newer,"
                + " or name its folder in MfaEvents:EmbeddedPostgres:Binaries.");
    }

    private static async IAsyncEnumerable<string> CandidatesAsync(
        string cache, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (parent, pattern) in Installations.Prepend((Path.GetFullPath(cache), "*")))
        {
            if (!Directory.Exists(parent))
                continue;
            var versions = Directory.GetDirectories(parent, pattern)
                .OrderByDescending(FirstNumber).ThenByDescending(name => name, StringComparer.Ordinal);
            foreach (var version in versions)
                yield return Path.Combine(version, "bin");
        }

        if (OnPath("postgres") is { } postgres)
            yield return Path.GetDirectoryName(File.ResolveLinkTarget(postgres, returnFinalTarget: true)?.FullName ?? postgres)!;
        if (OnPath("pg_config") is { } config)
            yield return (await ServerUser.RunAsync(config, ["--bindir"], cancellationToken)).LastLine;
    }

    private static async Task<PostgresBinaries?> ProbeAsync(string folder, CancellationToken cancellationToken)
    {
        if (!IsComplete(folder))
            return null;
        // Through a shell: a program of another architecture is then an exit code like any other failure.
        var version = await ServerUser.RunAsync(
            "/bin/sh", ["-c", "exec \"$1\" --version", "sh", Path.Combine(folder, "postgres")], cancellationToken);
        return version.Succeeded && FirstNumber(version.Output) is var major and >= OldestMajor ? new(folder, major) : null;
    }

    private static async Task<string> WhyNotAsync(string folder, CancellationToken cancellationToken) =>
        await ServerUser.BlockedAtAsync(folder, cancellationToken) is { } blocked
            ? $" (PostgreSQL runs as the user {ServerUser.Name}, who may not enter {blocked})"
            : "";

    private static bool IsComplete(string folder) =>
        Array.TrueForAll(["postgres", "initdb", "pg_ctl"], program => File.Exists(Path.Combine(folder, program)));

    private static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    private static int FirstNumber(string text) =>
        int.TryParse(Digits().Match(Path.GetFileName(text)).Value, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}
