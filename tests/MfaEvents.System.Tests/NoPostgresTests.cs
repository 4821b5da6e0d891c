namespace MfaEvents.SystemTests;

/// <summary>A machine without PostgreSQL: a mount namespace (unshare(1)) in which the usual folders are empty.</summary>
public sealed class NoPostgresTests : IDisposable
{
    // No folder of PATH but these has a postgres or a pg_config that would name another folder.
    private const string Bare = """
        for folder in /usr/lib/postgresql /usr/pgsql-*; do
            [ ! -d "$folder" ] || mount -t tmpfs none "$folder"
        done
        exec "$@"
        """;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_server_says_in_one_sentence_what_to_install_or_to_set()
    {
        var server = await RunBareAsync("dotnet", Path.Combine(Repository.ServerFolder, "MfaEvents.Server.dll"));
        server.Sentence.ShouldContain("PostgreSQL 15");
        server.Sentence.ShouldContain("ConnectionStrings:Mfa");
    }

    [Fact]
    public async Task And_fetch_postgres_says_so_when_it_can_fetch_none()
    {
        var fetch = await RunBareAsync(Repository.Ops("fetch-postgres"));
        fetch.ExitCode.ShouldBe(1);
        fetch.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].ShouldStartWith("No PostgreSQL 15 or newer was found");
    }

    private async Task<CommandResult> RunBareAsync(params string[] command)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may empty folders in a mount namespace of its own.");
        var unshare = await Command.RunAsync("unshare", "-m", "true");
        Assert.SkipUnless(unshare.ExitCode == 0, "This system gives out no mount namespaces.");

        // No npm and no apt-get either, or the second would fetch what the first has hidden.
        var programs = Directory.CreateDirectory(folder["bin"]).FullName;
        foreach (var program in (string[])["npm", "apt-get", "pg_config"])
        {
            var file = Path.Combine(programs, program);
            await File.WriteAllTextAsync(file, "#!/bin/sh\nexit 1\n", TestContext.Current.CancellationToken);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        var path = Environment.GetEnvironmentVariable("PATH")!.Split(':')
            .Where(part => !File.Exists(Path.Combine(part, "postgres")));
        var settings = ServerProcess.Environment(folder.Data)
            .With("PATH", string.Join(':', path.Prepend(programs)))
            .With("MfaEvents__EmbeddedPostgres__Cache", folder["no-cache"]);
        return await Command.RunAsync(settings, "unshare", ["-m", "bash", "-c", Bare, "bash", .. command]);
    }
}
