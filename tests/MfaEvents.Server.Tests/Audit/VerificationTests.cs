using System.Buffers;
using System.Net;
using System.Text.Json;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Audit.Log;
using Npgsql;

namespace MfaEvents.Server.Tests.Audit;

/// <summary>Whoever has the database's password changes history, in every way there is; the verification finds and names it.</summary>
public sealed class VerificationTests(TestRun run)
{
    private const string Event = "(select sequence from mfa.audit_item where account_id = $1 and index = 5)";
    private const string Next = "(select sequence from mfa.audit_item where account_id = $1 and index = 6)";

    private readonly MfaHost api = run.Host;

    /// <summary>What is done by SQL, at which index it is found, what it is called, and which field is named.</summary>
    public static TheoryData<string[], long?, string, string?> Tampering { get; } = new()
    {
        { [$"update mfa.mt_events set data = data || '{{\"deviceName\": \"forged\"}}' where seq_id = {Event}"], 5, "eventChanged", "data" },
        { [$"update mfa.mt_events set data = '1e999' where seq_id = {Event}"], 5, "eventChanged", "data" },
        { ["update mfa.mt_events set data = '{}' where tenant_id = $1 and type = 'account_registered'"], 0, "eventChanged", "data" },
        { ["update mfa.mt_events set data = '[]' where tenant_id = $1 and type = 'account_registered'"], 0, "eventChanged", "data" },
        { ["update mfa.mt_events set data = '{\"contactVersion\": 1.5}' where tenant_id = $1 and type = 'account_registered'"], 0, "eventChanged", "data" },
        { [$"update mfa.mt_events set type = 'personal_data_erased' where seq_id = {Event}"], 5, "eventChanged", "eventType" },
        { [$"update mfa.mt_events set type = 'personal_data_erased', data = '{{\"fields\": [\"bogus\", 1, null]}}' where seq_id = {Event}"], 5, "eventChanged", "data" },
        { [$"update mfa.mt_events set type = 'code_rejected' where seq_id = {Event}"], 5, "eventChanged", "eventType" },
        { [$"update mfa.mt_events set version = version + 1000 where seq_id = {Event}"], 5, "eventChanged", "version" },
        { [$"update mfa.mt_events set timestamp = timestamp + interval '1 microsecond' where seq_id = {Event}"], 5, "eventRedated", "occurredAt" },
        { [$"update mfa.mt_events set timestamp = '0044-03-15 BC' where seq_id = {Event}"], 5, "eventRedated", "occurredAt" },
        { [$"update mfa.mt_events set timestamp = 'infinity' where seq_id = {Event}"], 5, "eventRedated", "occurredAt" },
        { [$"update mfa.mt_events set user_name = 'somebody else' where seq_id = {Event}"], 5, "metadataChanged", "actor" },
        { [$"update mfa.mt_events set correlation_id = 'forged' where seq_id = {Event}"], 5, "metadataChanged", "correlationId" },
        { [$"update mfa.mt_events set headers = headers || '{{\"actorIssuer\": \"forged\"}}' where seq_id = {Event}"], 5, "metadataChanged", "actorIssuer" },
        { [$"delete from mfa.mt_events where seq_id = {Event}"], 5, "eventRemoved", null },
        { ["delete from mfa.mt_events where tenant_id = $1 and seq_id = (select max(sequence) from mfa.audit_item where account_id = $1)"], 7, "eventRemoved", null },
        { [$"insert into mfa.mt_events (seq_id, id, stream_id, version, {Copied}) select - seq_id, gen_random_uuid(), stream_id, version + 1000, {Copied} from mfa.mt_events where seq_id = {Event}"], 0, "eventInserted", null },
        {
            [
                $"update mfa.mt_events set seq_id = - seq_id where seq_id = {Event}",
                $"update mfa.mt_events set seq_id = {Event} where seq_id = {Next}",
                $"update mfa.mt_events set seq_id = {Next} where seq_id = - {Event}",
            ],
            5, "eventsReordered", null
        },
        { ["update mfa.audit_item set actor = 'somebody else' where account_id = $1 and index = 5"], 5, "rowChanged", "actor" },
        { ["update mfa.audit_item set source_address = '192.0.2.66' where account_id = $1 and index = 5"], 5, "rowChanged", "sourceAddress" },
        { ["update mfa.audit_item set occurred_at = '0044-03-15 BC', latest_at = '-infinity' where account_id = $1 and index = 5"], 5, "rowChanged", "occurredAt" },
        { ["update mfa.audit_item set data = '{}' where account_id = $1 and index = 5"], 5, "rowChanged", "data" },
        { ["delete from mfa.audit_item where account_id = $1 and index = 5"], 5, "rowRemoved", null },
        { ["delete from mfa.audit_item where account_id = $1 and index = 7"], 7, "rowRemoved", null },
        { ["update mfa.log_tile set hashes = set_byte(hashes, 160, get_byte(hashes, 160) # 1) where account_id = $1 and level = 0"], 5, "eventChanged", null },
        { ["insert into mfa.log_tile values ($1, 1, 0, sha256(''))"], null, "logChanged", null },
        { ["update mfa.log_size set size = 7 where account_id = $1", "delete from mfa.audit_item where account_id = $1 and index = 7"], 7, "eventInserted", null },
    };

    private const string Copied =
        "data, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, user_name, is_archived";

    [Fact]
    public async Task An_untouched_history_is_intact()
    {
        var account = await EightEvents();
        var verification = (await Verify(account)).ShouldBe(HttpStatusCode.OK).ShouldHave("size", "rootHash", "intact", "firstDifference");
        verification["size"].GetInt64().ShouldBe(8);
        verification["intact"].GetBoolean().ShouldBeTrue(verification.ToString());
        verification["firstDifference"].ValueKind.ShouldBe(JsonValueKind.Null);
        verification["rootHash"].GetBytesFromBase64().Length.ShouldBe(32);
    }

    [Theory, MemberData(nameof(Tampering))]
    public async Task Whatever_is_changed_by_SQL_is_found_and_named(string[] deeds, long? index, string kind, string? field)
    {
        var account = await EightEvents();
        foreach (var deed in deeds) await api.RowsAsync(deed, account.Id);

        var verification = (await Verify(account)).ShouldBe(HttpStatusCode.OK);
        verification["intact"].GetBoolean().ShouldBeFalse();
        var difference = verification["firstDifference"];
        difference.GetProperty("kind").GetString().ShouldBe(kind, difference.GetRawText());
        if (index is null) difference.GetProperty("index").ValueKind.ShouldBe(JsonValueKind.Null);
        else difference.GetProperty("index").GetInt64().ShouldBe(index.Value);
        if (field is not null) difference.GetProperty("fields").EnumerateArray().Select(name => name.GetString()).ShouldContain(field);
        difference.GetProperty("sentence").GetString().ShouldNotBeNullOrWhiteSpace();
    }

    [Fact]
    public async Task A_tail_that_was_cut_off_everywhere_is_missed_by_an_older_checkpoint()
    {
        var account = await EightEvents();
        await WrittenOut(account, 8);
        await api.RowsAsync("delete from mfa.mt_events where tenant_id = $1 and seq_id > (select sequence from mfa.audit_item where account_id = $1 and index = 5)", account.Id);
        await api.RowsAsync("delete from mfa.audit_item where account_id = $1 and index > 5", account.Id);
        await api.RowsAsync("update mfa.log_size set size = 6 where account_id = $1", account.Id);
        await api.RowsAsync("update mfa.log_tile set hashes = substring(hashes for 6 * 32) where account_id = $1", account.Id);

        var difference = (await Verify(account)).ShouldBe(HttpStatusCode.OK)["firstDifference"];
        difference.GetProperty("kind").GetString().ShouldBe("logTruncated");
        difference.GetProperty("index").GetInt64().ShouldBe(6);
    }

    [Fact]
    public async Task Whoever_forges_event_row_and_log_alike_is_found_by_an_older_checkpoint()
    {
        var account = await EightEvents();
        await WrittenOut(account, 8);
        await api.RowsAsync($"update mfa.mt_events set user_name = 'somebody else' where seq_id = {Event}", account.Id);
        await api.RowsAsync("update mfa.audit_item set actor = 'somebody else' where account_id = $1 and index = 5", account.Id);
        await api.RowsAsync("update mfa.log_tile set hashes = $2 where account_id = $1", account.Id, await ForgedTile(account));

        var verification = (await Verify(account)).ShouldBe(HttpStatusCode.OK);
        verification["firstDifference"].GetProperty("kind").GetString().ShouldBe("checkpointDiffers");
    }

    [Fact]
    public async Task Root_and_auditors_alone_verify()
    {
        var account = await EightEvents();
        (await Verify(account.A("auditor"))).ShouldBe(HttpStatusCode.OK);
        (await Verify(await account.CreatedUser("alice"))).ShouldRefuse(403, "forbidden");
        (await Verify(account.A("operator"))).ShouldRefuse(403, "forbidden");
        (await Verify(account.A("service"))).ShouldRefuse(403, "forbidden");
        (await Verify(account.A("support-agent"))).ShouldRefuse(403, "forbidden");
        (await Verify((await api.RegisteredAccount()).Root)).ShouldRefuse(404, "not-found");
        (await Verify((await api.RegisteredAccount()).A("auditor"))).ShouldRefuse(404, "not-found");

        Task<Reply> Verify(Person who) => Verification(who, account);
    }

    private static Task<Reply> Verification(Person who, OpenAccount account) => who.Post($"{account.Path}/audit/verification", new { });

    private static Task<Reply> Verify(OpenAccount account) => Verification(account.Root, account);

    /// <summary>Eight events, of which the sixth is an accepted code.</summary>
    private async Task<OpenAccount> EightEvents()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();
        for (var i = 0; i < 3; i++) await device.Verified();
        await Scenarios.Eventually(
            async () => (await account.Root.Get($"{account.Path}/audit?limit=1"))["items"].EnumerateArray().Any(item => item.GetProperty("index").GetInt64() == 7), "all of it is logged");
        return account;
    }

    /// <summary>The account's head lies outside of the database.</summary>
    private async Task WrittenOut(OpenAccount account, long size) => await api.Services.GetRequiredService<ICheckpointStore>().WriteAsync(
        account.Id, size, (await account.Root.Get($"{account.Path}/audit/checkpoint?size={size}")).ShouldBeText().Text, TestContext.Current.CancellationToken);

    /// <summary>The tile that the product itself would have written for the events as they are now.</summary>
    private async Task<byte[]> ForgedTile(OpenAccount account)
    {
        await using var connection = await api.ConnectAsync();
        await using var command = new NpgsqlCommand($"{StoredEvents.Select} where tenant_id = $1 order by seq_id", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = account.Id });
        await using var reader = await command.ExecuteReaderAsync();
        var (fold, tile, leaf) = (new AuditFold(), new List<byte>(), new ArrayBufferWriter<byte>());
        while (await reader.ReadAsync())
        {
            leaf.ResetWrittenCount();
            fold.Next(StoredEvents.Read(reader)).WriteLeaf(leaf);
            tile.AddRange(MerkleHash.OfLeaf(leaf.WrittenSpan));
        }

        return [.. tile];
    }
}
