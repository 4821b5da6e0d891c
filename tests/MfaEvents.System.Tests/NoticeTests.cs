namespace MfaEvents.SystemTests;

/// <summary>kill -9 between an event and the mail that tells of it: everything that was acknowledged is told.</summary>
public sealed class NoticeTests : IDisposable
{
    private const int Users = 60;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_acknowledged_change_is_told_although_the_server_was_killed_in_between()
    {
        List<string> acknowledged = [];
        TestAccount account;
        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            account = await server.RegisterAsync();
            await account.CreateUserAsync("first");
            await IsToldAsync("first");

            await Task.WhenAll(Enumerable.Range(0, Users).Select(async number =>
            {
                try
                {
                    await account.CreateUserAsync($"user-{number:D3}");
                    var isTime = false;
                    lock (acknowledged)
                    {
                        acknowledged.Add($"user-{number:D3}");
                        isTime = acknowledged.Count == Users / 2;
                    }

                    if (isTime) await server.KillAsync();
                }
                catch (HttpRequestException)
                {
                    // No answer.
                }
            }));
        }

        var untold = acknowledged.Count(user => !IsTold(user));
        TestContext.Current.TestOutputHelper!.WriteLine($"{acknowledged.Count} acknowledged, of which {untold} not told when the server was killed");
        await Postgres.IsGone(folder.Data);

        await using var again = await ServerProcess.StartAsync(folder.Data);
        foreach (var user in acknowledged) await IsToldAsync(user);

        // However often one was sent, its id is the same, and so is the file that it lands in.
        foreach (var user in acknowledged) Letters(user).Count().ShouldBe(1, user);
    }

    private Task IsToldAsync(string user) =>
        Eventually.Holds($"{user} is told", TimeSpan.FromSeconds(90), () => Task.FromResult(IsTold(user)));

    private bool IsTold(string user) => Letters(user).Any();

    private IEnumerable<string> Letters(string user)
    {
        var outbox = Path.Combine(folder.Data, "outbox");
        return Directory.Exists(outbox)
            ? Directory.GetFiles(outbox, "notice.*.eml").Where(file => File.ReadAllText(file).Contains($"The user \"{user}\" was created", StringComparison.Ordinal))
            : [];
    }
}
