namespace MfaEvents.SystemTests;

/// <summary>The server and its database as a user without rights, in a copy of what was built.</summary>
public sealed class OrdinaryUserTests : IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private readonly string user = $"mfa-{Guid.NewGuid():n}"[..16];

    private bool isCreated;

    public async ValueTask InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess || !await Exists("useradd") || !await Exists("setpriv")) return;
        (await Command.RunAsync("useradd", "--system", "--no-create-home", "--home-dir", folder.Path, user)).Succeeded();
        isCreated = true;
    }

    public async ValueTask DisposeAsync()
    {
        // By force: its PostgreSQL may be writing its last page still.
        if (isCreated) (await Command.RunAsync("userdel", "--force", user)).Succeeded();
        folder.Dispose();
    }

    [Fact]
    public async Task Everything_belongs_to_that_user_and_nobody_else_looks_in()
    {
        var (file, arguments) = await CommandAsync();
        await using var server = await ServerProcess.StartAsync(file, arguments, folder["home/data"], Writable);
        var environment = ServerProcess.Environment(folder["home/data"], Writable);
        server.Mint = async options =>
            (await Command.RunAsync(environment, file, [.. arguments, "token", .. options])).Succeeded().TrimEnd('\n');
        var account = await server.RegisterAsync();
        var device = await account.ActivateAsync("phone");
        (await account.VerifyAsync(device, await Authenticator.CodeAsync(device.SecretKey, 1))).ShouldBe(200);

        var owner = isCreated ? user : Environment.UserName;
        var entries = await Command.RunAsync("find", folder["home/data"], "!", "-user", owner, "-print");
        entries.Succeeded().ShouldBeEmpty();
        var open = await Command.RunAsync("find", folder["home/data"], "-perm", "/077", "-print");
        open.Succeeded().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_data_directory_it_may_not_write_to_is_named_in_one_sentence()
    {
        Assert.SkipUnless(isCreated, "A folder of root's is needed, and a user that may not write there.");
        var (file, arguments) = await CommandAsync();
        var server = await Command.RunAsync(ServerProcess.Environment(folder["data"], Writable), file, arguments);
        server.Sentence.ShouldContain(folder["data"]);
    }

    // The home folder of the one who built may be closed, and its caches belong to it.
    private Settings Writable => Settings.None
        .With("HOME", folder["home"])
        .With("MfaEvents__EmbeddedPostgres__Cache", folder["cache"]);

    private async Task<(string File, string[] Arguments)> CommandAsync()
    {
        Directory.CreateDirectory(folder["home"]);
        (await Command.RunAsync("cp", "-r", Repository.ServerFolder, folder["server"])).Succeeded();
        if (Directory.Exists(Repository.PostgresCache))
            (await Command.RunAsync("cp", "-r", Repository.PostgresCache, folder["cache"])).Succeeded();
        (await Command.RunAsync("chmod", "-R", "go+rX", folder.Path)).Succeeded();
        string[] server = ["dotnet", Path.Combine(folder["server"], "MfaEvents.Server.dll")];
        if (!isCreated) return (server[0], server[1..]);

        (await Command.RunAsync("chown", user, folder["home"])).Succeeded();

        // setpriv becomes the program, where runuser would stay its parent: the process that is killed is the server.
        return ("setpriv", [$"--reuid={user}", $"--regid={user}", "--init-groups", "--", .. server]);
    }

    private static async Task<bool> Exists(string program) =>
        (await Command.RunAsync("sh", "-c", "command -v \"$1\"", "sh", program)).ExitCode == 0;
}
