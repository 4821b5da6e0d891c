namespace MfaEvents.SystemTests;

/// <summary><c>ConnectionStrings__Mfa</c>: another PostgreSQL instead of the embedded one.</summary>
public sealed class OtherDatabaseTests(OtherDatabase database) : IClassFixture<OtherDatabase>
{
    [Fact]
    public async Task The_server_stands_on_it_and_starts_none_of_its_own()
    {
        using TestFolder folder = new();
        await using (var server = await ServerProcess.StartAsync(folder.Data, database.Settings))
        {
            await (await server.RegisterAsync()).ActivateAsync("phone");
            server.Output.ShouldContain("database        ConnectionStrings:Mfa");
            Directory.GetFileSystemEntries(folder.Data).Select(Path.GetFileName).ShouldBe(["keys"]);
            (await server.StopAsync()).ShouldBe(0);
        }

        // It ends with its own database only.
        Postgres.ProcessesIn(Postgres.Cluster(database.Folder.Data)).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("Database=atlantis", "atlantis")]
    [InlineData("Username=nobody-we-know", "nobody-we-know")]
    public async Task One_that_refuses_stops_the_server_with_its_reason(string wrong, string named)
    {
        using TestFolder folder = new();
        var settings = Settings.None.With("ConnectionStrings__Mfa", $"{database.ConnectionString};{wrong}");
        (await ServerProcess.RunAsync(folder.Data, settings)).Sentence.ShouldContain(named);
    }
}
