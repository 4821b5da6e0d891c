namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>
/// Where the embedded database lives and what it runs on. Relative folders are relative to the working directory.
/// </summary>
public sealed record EmbeddedPostgresOptions
{
    /// <summary>
    /// The product's data directory (<c>MfaEvents:DataDirectory</c>); the cluster is its subfolder <c>postgres</c>.
    /// </summary>
    public string DataDirectory { get; init; } = ".data";

    /// <summary>
    /// The folder of <c>postgres</c>, <c>initdb</c> and <c>pg_ctl</c> (<c>MfaEvents:EmbeddedPostgres:Binaries</c>).
    /// When it is given, nothing else is looked at.
    /// </summary>
    public string? Binaries { get; init; }

    /// <summary>
    /// The folder that <c>ops/fetch-postgres</c> fills (<c>MfaEvents:EmbeddedPostgres:Cache</c>): <c>{Cache}/{version}/bin</c>.
    /// </summary>
    public string Cache { get; init; } = Path.Combine(".cache", "postgres");

    /// <summary>Whether a commit waits for the disk. False loses data when the machine stops: for tests alone.</summary>
    public bool Fsync { get; init; } = true;
}
