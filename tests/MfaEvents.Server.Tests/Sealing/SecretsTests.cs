using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Marten;
using Microsoft.Extensions.Logging;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Npgsql;
using OtpNet;
using OpenAccount = MfaEvents.Server.Tests.Harness.OpenAccount;

namespace MfaEvents.Server.Tests.Sealing;

/// <summary>After all that people do, no secret and nobody's address lies anywhere in the open: not in a table, not in a log line.</summary>
public sealed class SecretsTests(TestRun run, SecretsTests.TalkativeHost talkative) : IClassFixture<SecretsTests.TalkativeHost>
{
    [Fact]
    public async Task No_table_of_any_schema_holds_a_secret()
    {
        var story = await AFullStory(talkative.Host);
        var dump = await DumpAsync(talkative.Host);

        dump.Keys.ShouldContain("mfa.mt_events");
        dump.Keys.ShouldContain("sealed.mt_doc_sealedseed");
        dump.Keys.ShouldContain("directory.mt_doc_rootemail");
        dump.Keys.ShouldContain("wolverine.wolverine_incoming_envelopes");
        foreach (var (table, text) in dump)
        {
            foreach (var secret in story.Secrets) text.ShouldNotContain(secret, Case.Insensitive, table);
            foreach (var code in story.Codes) text.ShouldNotContain($"\"{code}\"", Case.Sensitive, table);
            if (table == "directory.mt_doc_rootemail") continue;
            foreach (var personal in story.Personal) text.ShouldNotContain(personal, Case.Insensitive, table);
        }

        // The directory holds the address by which the root user signs in, and nothing else of a person.
        foreach (var personal in story.Personal.Where(personal => personal != story.Account.Email && personal != story.Contested))
            dump["directory.mt_doc_rootemail"].ShouldNotContain(personal, Case.Insensitive);
        dump["directory.mt_doc_rootemail"].ShouldContain(story.Account.Email);
    }

    [Fact]
    public async Task No_event_holds_a_secret_or_a_code()
    {
        var story = await AFullStory(talkative.Host);
        var payloads = await talkative.Host.RowsAsync("select data::text from mfa.mt_events where tenant_id = $1", story.Account.Id);
        payloads.Count.ShouldBeGreaterThan(10);
        foreach (var payload in payloads)
        {
            foreach (var secret in (string[])[.. story.Secrets, .. story.Personal]) payload.ShouldNotContain(secret);
            Regex.Matches(payload, @"(?<![0-9a-f-])[0-9]{6}(?![0-9a-f-])").Select(match => match.Value).Intersect(story.Codes).ShouldBeEmpty(payload);
        }
    }

    [Fact]
    public async Task No_log_line_of_any_level_holds_a_secret()
    {
        var story = await AFullStory(talkative.Host);
        var lines = talkative.Lines.ToArray();

        lines.Length.ShouldBeGreaterThan(100);
        lines.ShouldContain(line => line.StartsWith("Trace", StringComparison.Ordinal) || line.StartsWith("Debug", StringComparison.Ordinal));
        foreach (var line in lines)
        {
            foreach (var secret in (string[])[.. story.Secrets, .. story.Personal]) line.ShouldNotContain(secret);
            foreach (var code in story.Codes) Regex.IsMatch(line, $@"(code\w*\W{{0,4}}|""){code}\b", RegexOptions.IgnoreCase).ShouldBeFalse(line);
        }
    }

    [Fact]
    public async Task A_database_that_fails_makes_nobody_log_what_it_was_to_store()
    {
        var host = talkative.Host;
        await using (var connection = await host.ConnectAsync())
        {
            await using var poison = new NpgsqlCommand(
                """
                create function directory.poison() returns trigger language plpgsql as $$ begin raise exception 'The disk is full'; end $$;
                create trigger poison before insert on directory.mt_doc_rootemail for each row when (new.id like 'poisoned%') execute function directory.poison();
                """,
                connection);
            await poison.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        (await host.A("provisioner").Post("/accounts", Scenarios.Registration("poisoned@example.com"))).ShouldRefuse(500, "unexpected")
            .Text.ShouldNotContain("disk");

        talkative.Lines.ShouldContain(line => line.Contains("The disk is full", StringComparison.Ordinal));
        talkative.Lines.Where(line => line.Contains("poisoned@example.com", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task No_log_line_of_a_rotation_holds_key_material()
    {
        var host = talkative.Host;
        var tokens = host.Services.GetRequiredService<TokenKeys>();
        await tokens.SigningAsync(TestContext.Current.CancellationToken);
        var material = new List<string>(await MaterialAsync());

        var rotation = await KeyRotationTests.RotateAsync(host);

        material.AddRange(await MaterialAsync());
        material.Distinct().Count().ShouldBe(4);
        talkative.Lines.ShouldContain(line => line.Contains("A rotation of the keys, asked for by operator", StringComparison.Ordinal));
        foreach (var secret in material)
        {
            rotation.Text.ShouldNotContain(secret);
            talkative.Lines.Where(line => line.Contains(secret, StringComparison.Ordinal)).ShouldBeEmpty();
        }

        async Task<IEnumerable<string>> MaterialAsync()
        {
            var folder = KeyFolder.In(host.Services.GetRequiredService<MfaEventsSettings>().DataDirectory).FullName;
            await using var session = host.Services.GetRequiredService<IDirectoryStore>().QuerySession();
            var keys = await session.Query<TokenKey>().Where(key => key.Signs).ToListAsync();
            return
            [
                .. Directory.GetFiles(folder, "key-*.xml").SelectMany(file => XDocument.Load(file).Descendants("value")).Select(value => value.Value),
                .. keys.Select(key => Convert.ToBase64String(
                    host.Services.GetRequiredService<Seals>().Open($"token-key:{key.Id}", key.SealedPrivateKey!))),
            ];
        }
    }

    [Fact]
    public async Task A_seed_that_is_copied_to_another_device_does_not_open_there()
    {
        var account = await run.Host.RegisteredAccount();
        var mine = await account.AssignedDevice().Activated();
        await account.CreatedUser("alice");
        var hers = await account.AssignedDevice(account.Root, "user:alice").Activated();
        await using (var connection = await run.Host.ConnectAsync())
        {
            await using var copy = new NpgsqlCommand(
                """
                update sealed.mt_doc_sealedseed set data = jsonb_set(data, '{sealed}', (select data -> 'sealed' from sealed.mt_doc_sealedseed where id = $1))
                where id = $2 and tenant_id = $3
                """,
                connection);
            foreach (var value in (object[])[mine.Id, hers.Id, account.Id]) copy.Parameters.Add(new NpgsqlParameter { Value = value });
            (await copy.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        }

        var reply = (await hers.Verify(mine.Code())).ShouldRefuse(500, "unexpected");
        reply.TextOf("traceId").ShouldNotBeNullOrEmpty();
        reply.Text.ShouldNotContain("Cryptographic");
        (await mine.Verify(mine.Code())).ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<Story> AFullStory(MfaHost host)
    {
        var story = new Story(await host.RegisteredAccount());
        var account = story.Account;
        var (email, phone) = (Scenarios.NewEmail(), "+442079460" + Scenarios.NewName("")[^1] + "18");
        story.Secrets.Add(account.Password);
        story.Personal.AddRange([account.Email, account.Phone, account.AccountName, email, phone]);

        var assigned = (await account.Root.Repeatably("assign").Post(account.RootPath + "/mfa-devices", new { deviceName = "phone", deviceType = "virtual" }))
            .ShouldBe(HttpStatusCode.Created);
        await account.Root.Repeatably("assign").Post(account.RootPath + "/mfa-devices", new { deviceName = "phone", deviceType = "virtual" });
        var device = new HeldDevice(account, account.Root, "root", assigned["deviceId"].GetGuid(), "phone", assigned.TextOf("secretKey"));
        var pending = await account.AssignedDevice();
        foreach (var key in (string[])[device.SecretKey, pending.SecretKey])
        {
            var seed = Base32Encoding.ToBytes(key);
            story.Secrets.AddRange(
            [
                key, Convert.ToHexString(seed), Convert.ToBase64String(seed), Convert.ToBase64String(Encoding.ASCII.GetBytes(key)),
                Convert.ToHexString(Encoding.ASCII.GetBytes(key)),
            ]);
        }

        await Submit(codes => device.SubmitCodes(new { code1 = codes[0], code2 = codes[0] }, account.Root.Repeatably("wrong")), device.WrongCode());
        await Submit(codes => device.SubmitCodes(new { code1 = codes[0], code2 = codes[1] }, account.Root.Repeatably("right")), device.Code(-1), device.Code());
        account.Time.PassSteps(2);
        await Submit(codes => device.Verify(codes[0]), device.Code());
        await Submit(codes => device.Verify(codes[0]), device.Code());
        await Submit(codes => device.Verify(codes[0], account.Root.Repeatably("verify")), device.Code(-5));
        account.Time.PassSteps(60);
        await Submit(codes => device.Resync(new { code1 = codes[0], code2 = codes[1] }), device.Code(-51), device.Code(-50));

        foreach (var password in (string[])["the password of alice 1", "the password of alice 2"])
        {
            story.Secrets.Add(password);
            await account.Root.Repeatably("user").Post(account.Path + "/users", new { userName = "alice", password });
            await account.Root.Put(account.PrincipalPath("user:alice") + "/password", new { newPassword = password });
        }

        (await account.Root.Put(account.Path + "/contact", new { email, phone })).ShouldBe(HttpStatusCode.Accepted);

        // Somebody gets in without a device.
        var recovery = await account.BegunRecovery();
        var link = await recovery.EmailToken();
        story.Secrets.AddRange([recovery.By.RecoveryKey![13..], link[13..], (await recovery.RepudiationToken())[13..]]);
        (await recovery.ProveEmail(link)).ShouldBe(HttpStatusCode.OK);
        var call = (await recovery.Call()).ShouldBe(HttpStatusCode.Created);
        await Submit(codes => account.KeyDigits(call["callId"].GetGuid(), codes[0]), Telephone.Wrong(call.TextOf("digits")));
        await Submit(codes => account.KeyDigits(call["callId"].GetGuid(), codes[0]), call.TextOf("digits"));
        story.Secrets.Add((await recovery.Complete()).ShouldBe(HttpStatusCode.OK).TextOf("accessToken"));

        // What is refused is not quoted either.
        var provisioner = host.A("provisioner");
        var contested = Scenarios.NewEmail();
        story.Contested = contested;
        story.Personal.Add(contested);
        await Scenarios.AtOnce(6, _ => provisioner.Post("/accounts", Scenarios.Registration(contested)));
        (await provisioner.Post("/accounts", new { accountName = account.AccountName, email = account.Email, phone = account.Phone, password = account.Password })).Status.ShouldBe(409);
        (await provisioner.Post("/accounts", new { accountName = account.AccountName, email = account.Email, phone = account.Phone, password = 1 })).Text.ShouldNotContain(account.Email);
        using (var half = new StringContent($"{{\"email\":\"{account.Email}\",\"password\":\"{account.Password}", Encoding.UTF8, "application/json"))
            (await provisioner.Send(HttpMethod.Post, "/accounts", half)).Text.ShouldNotContain(account.Password);
        return story;

        async Task Submit(Func<string[], Task<Reply>> submit, params string[] codes)
        {
            story.Codes.AddRange(codes);
            (await submit(codes)).Status.ShouldBeLessThan(500);
        }
    }

    /// <summary>Every row of every table as text, with what is binary read as text as well.</summary>
    private static async Task<Dictionary<string, string>> DumpAsync(MfaHost host)
    {
        var columns = await host.RowsAsync(
            """
            select format('%I.%I', c.table_schema, c.table_name) || ' ' || string_agg(case when c.data_type = 'bytea'
                then format('encode(%1$I, ''escape''), encode(%1$I, ''hex'')', c.column_name) else format('%I::text', c.column_name) end, ', ')
            from information_schema.columns c join information_schema.tables t
                on t.table_schema = c.table_schema and t.table_name = c.table_name and t.table_type = 'BASE TABLE'
            where c.table_schema not in ('pg_catalog', 'information_schema') group by c.table_schema, c.table_name
            """);
        var dump = new Dictionary<string, string>();
        foreach (var line in columns)
        {
            var (table, list) = (line[..line.IndexOf(' ', StringComparison.Ordinal)], line[line.IndexOf(' ', StringComparison.Ordinal)..]);
            dump[table] = string.Join('\n', await host.RowsAsync($"select concat_ws('|', {list}) from {table}"));
        }

        return dump;
    }

    private sealed record Story(OpenAccount Account)
    {
        public List<string> Secrets { get; } = [];

        public List<string> Codes { get; } = [];

        public List<string> Personal { get; } = [];

        /// <summary>An address that several registrations wanted at once.</summary>
        public string Contested { get; set; } = "";
    }

    /// <summary>A host whose every log line, of every level, is kept.</summary>
    public sealed class TalkativeHost(TestRun run) : IAsyncLifetime, ILoggerProvider
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public MfaHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await run.StartHostAsync("mfa_talkative", KeyRotationTests.Quick, services => services.AddLogging(logging =>
        {
            logging.AddProvider(this);
            logging.AddFilter<TalkativeHost>(_ => true);
        }));

        public ValueTask DisposeAsync() => Host.DisposeAsync();

        public ILogger CreateLogger(string categoryName) => new Listener(categoryName, Lines);

        void IDisposable.Dispose()
        {
        }

        private sealed class Listener(string category, ConcurrentQueue<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull
            {
                lines.Enqueue($"Scope {category}: {Everything(state)}");
                return null;
            }

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)} {Everything(state)} {exception}");

            private static string Everything<TState>(TState state) => state is IEnumerable<KeyValuePair<string, object?>> values
                ? string.Join(", ", values.Select(value => $"{value.Key}={value.Value}"))
                : state?.ToString() ?? "";
        }
    }
}
