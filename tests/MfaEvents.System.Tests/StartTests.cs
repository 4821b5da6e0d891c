namespace MfaEvents.SystemTests;

/// <summary>Starting, stopping, and the sentences with which the server refuses to start.</summary>
public sealed class StartTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task SIGTERM_ends_it_and_its_database_and_the_data_survive()
    {
        TestAccount account;
        TestDevice device;
        await using (var first = await ServerProcess.StartAsync(folder.Data))
        {
            account = await first.RegisterAsync();
            device = await account.ActivateAsync("phone");
            Postgres.ProcessesIn(Postgres.Cluster(folder.Data)).ShouldNotBeEmpty();

            (await first.StopAsync()).ShouldBe(0);

            Postgres.ProcessesIn(Postgres.Cluster(folder.Data)).ShouldBeEmpty();
            TestContext.Current.TestOutputHelper!.WriteLine($"first start {first.StartTook}");
        }

        await using var second = await ServerProcess.StartAsync(folder.Data);
        TestContext.Current.TestOutputHelper!.WriteLine($"second start {second.StartTook}");
        account = account.On(second);
        (await account.VerifyAsync(device, await Authenticator.CodeAsync(device.SecretKey, 1))).ShouldBe(200);
        await account.AssignAsync("tablet");
    }

    [Fact]
    public async Task A_second_process_on_the_same_data_directory_is_refused_and_harms_nothing()
    {
        await using var first = await ServerProcess.StartAsync(folder.Data);
        var account = await first.RegisterAsync();

        var second = await ServerProcess.RunAsync(folder.Data);

        second.Sentence.ShouldContain(folder.Data);
        await account.AssignAsync("phone");
    }

    [Fact]
    public async Task A_first_start_that_was_killed_while_it_made_its_cluster_is_made_up_for()
    {
        await using (var killed = ServerProcess.Launch(folder.Data))
        {
            await Eventually.Holds("initdb works", TimeSpan.FromSeconds(30), () => Task.FromResult(
                Directory.Exists(folder.Data) && Directory.GetDirectories(folder.Data, "postgres.new-*").Length > 0));
            await killed.KillAsync();
        }

        // What an initdb leaves that was killed as well; the one of the killed server may still be writing.
        var leftover = Directory.CreateDirectory(Path.Combine(folder.Data, "postgres.new-00000000", "base")).Parent!.FullName;

        await using var server = await ServerProcess.StartAsync(folder.Data);
        await server.RegisterAsync();
        Directory.Exists(leftover).ShouldBeFalse();
    }

    [Fact]
    public async Task A_folder_postgres_that_is_no_cluster_is_left_alone()
    {
        var foreign = Path.Combine(Postgres.Cluster(folder.Data), "thesis.txt");
        Directory.CreateDirectory(Path.GetDirectoryName(foreign)!);
        await File.WriteAllTextAsync(foreign, "years of work", TestContext.Current.CancellationToken);

        (await ServerProcess.RunAsync(folder.Data)).Sentence.ShouldContain(Postgres.Cluster(folder.Data));
        File.Exists(foreign).ShouldBeTrue();
    }

    [Theory]
    [InlineData("ConnectionStrings__Mfa", "elephant", "ConnectionStrings:Mfa")]
    [InlineData("ConnectionStrings__Mfa", "Host=127.0.0.1;Port=1;Username=mfa", "127.0.0.1:1")]
    [InlineData("MfaEvents__Colour", "blue", "Colour")]
    [InlineData("MfaEvents__Devices__Colour", "blue", "Colour")]
    [InlineData("MfaEvents__Devices__DeviceLimit", "0", "MfaEvents:Devices:DeviceLimit")]
    [InlineData("MfaEvents__Devices__SignInWindow", "2", "MfaEvents:Devices:SignInWindow")]
    [InlineData("MfaEvents__FreshSignIn", "02:00:00", "MfaEvents:FreshSignIn")]
    [InlineData("MfaEvents__FreshSignIn", "soon", "MfaEvents:FreshSignIn")]
    [InlineData("MfaEvents__Issuers__0__Issuer", "ftp://issuer.example", "MfaEvents:Issuers:0:Issuer")]
    [InlineData("MfaEvents__EmbeddedPostgres__Binaries", "/nowhere/at/all", "/nowhere/at/all")]
    [InlineData("ASPNETCORE_URLS", "elephant", "elephant")]
    public async Task A_wrong_setting_stops_it_with_one_sentence_that_names_it(string setting, string value, string named)
    {
        var settings = Settings.None.With(setting, value);
        if (named.StartsWith("MfaEvents:Issuers", StringComparison.Ordinal))
            settings = settings.With("MfaEvents__Issuers__0__Audience", "mfa").With("MfaEvents__Issuers__0__Roles__0", "auditor");

        (await ServerProcess.RunAsync(folder.Data, settings)).Sentence.ShouldContain(named);
        await Postgres.IsGone(folder.Data);
    }

    [Fact]
    public async Task An_address_that_is_taken_stops_it_with_one_sentence_that_names_it()
    {
        await using var first = await ServerProcess.StartAsync(folder.Data);
        var other = folder["other"];

        var second = await ServerProcess.RunAsync(other, Settings.None.With("ASPNETCORE_URLS", first.Api.Address));

        second.Sentence.ShouldContain(first.Api.Address);
        await Postgres.IsGone(other);
    }
}
