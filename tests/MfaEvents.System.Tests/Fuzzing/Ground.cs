using MfaEvents.Server.Access;
using Npgsql;

namespace MfaEvents.SystemTests.Fuzzing;

/// <summary>
/// What one worker attacks and nobody else touches: an account with a user and devices; and how it is seen whether anything
/// changed there.
/// </summary>
public sealed class Ground : IAsyncDisposable
{
    private const string TablesQuery = """
        select table_schema || '.' || table_name from information_schema.columns
        where column_name = 'tenant_id' and table_schema in ('mfa', 'sealed') and table_name like 'mt\_doc\_%'
          and table_name not like 'mt\_doc\_audit%' and table_name <> 'mt_doc_rememberedanswer'
          and table_name not in ('mt_doc_openlink', 'mt_doc_noticemark')
        """;

    private readonly NpgsqlConnection database;
    private readonly Dictionary<string, string> tokens;
    private readonly string countQuery;
    private long lastEvent;

    private Ground(TestAccount account, NpgsqlConnection database, Dictionary<string, string> tokens, string countQuery) =>
        (Account, this.database, this.tokens, this.countQuery) = (account, database, tokens, countQuery);

    public TestAccount Account { get; }

    public required IReadOnlyList<string> Devices { get; init; }

    public required string OtherAccount { get; init; }

    /// <summary>Names of tokens: the rightful owner's is <c>owner</c>.</summary>
    public IReadOnlyCollection<string> TokenNames => tokens.Keys;

    public string Token(string name) => tokens[name];

    public static async Task<Ground> PrepareAsync(ServerProcess server, string dataDirectory, string connectionString, string otherAccount)
    {
        var account = await server.RegisterAsync();
        await account.CreateUserAsync("alice");
        var active = await account.ActivateAsync("active");
        var pending = await account.AssignAsync("pending");

        var database = new NpgsqlConnection(connectionString);
        await database.OpenAsync(TestContext.Current.CancellationToken);
        var tables = new List<string>();
        await using (var command = new NpgsqlCommand(TablesQuery, database))
        await using (var reader = await command.ExecuteReaderAsync())
            while (await reader.ReadAsync()) tables.Add(reader.GetString(0));
        var countQuery = "select " + string.Join(" + ", tables.Select(table => $"(select count(*) from {table} where tenant_id = $1)"));

        var ground = new Ground(account, database, Tokens(dataDirectory, account.Id, otherAccount), countQuery)
        {
            Devices = [active.Id, pending.Id],
            OtherAccount = otherAccount,
        };
        await ground.NewEventsAsync();
        return ground;
    }

    /// <summary>The types of the account's events since the last look.</summary>
    public async Task<IReadOnlyList<string>> NewEventsAsync()
    {
        await using var command = new NpgsqlCommand(
            "select seq_id, type from mfa.mt_events where tenant_id = $1 and seq_id > $2 order by seq_id", database);
        command.Parameters.Add(new NpgsqlParameter { Value = Account.Id });
        command.Parameters.Add(new NpgsqlParameter { Value = lastEvent });
        await using var reader = await command.ExecuteReaderAsync();
        var types = new List<string>();
        while (await reader.ReadAsync())
        {
            lastEvent = reader.GetInt64(0);
            types.Add(reader.GetString(1));
        }

        return types;
    }

    /// <summary>How many documents the account has: names, users, states and sealed secrets.</summary>
    public async Task<long> DocumentsAsync()
    {
        await using var command = new NpgsqlCommand(countQuery, database);
        command.Parameters.Add(new NpgsqlParameter { Value = Account.Id });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private static Dictionary<string, string> Tokens(string dataDirectory, string account, string otherAccount)
    {
        string Mint(string role, string[] accounts, string? principal, string[] methods, int minutesAgo = 0) => DevelopmentTokens.Mint(
            dataDirectory,
            new DevelopmentTokenRequest
            {
                Roles = [role],
                Accounts = accounts,
                Principal = principal,
                Subject = $"{role} {principal}".Trim(),
                AuthenticationMethods = methods,
                AuthenticationAge = TimeSpan.FromMinutes(minutesAgo),
            },
            DateTimeOffset.UtcNow);

        string[] strong = ["pwd", "otp"];
        var tokens = new Dictionary<string, string>
        {
            ["owner"] = Mint("owner", [account], "root", strong),
            ["user"] = Mint("owner", [account], "user:alice", strong),
            ["weak"] = Mint("owner", [account], "root", ["pwd"]),
            ["stale"] = Mint("owner", [account], "root", strong, minutesAgo: 60),
            ["stranger"] = Mint("owner", [otherAccount], "root", strong),
            ["ghost"] = Mint("owner", [account], "user:nobody", strong),
        };
        foreach (var role in RoleNames.All.Where(role => role != "owner"))
        {
            tokens[role] = Mint(role, [account], null, strong);
            tokens[role + " of all"] = Mint(role, [], null, strong);
        }

        return tokens;
    }
}
