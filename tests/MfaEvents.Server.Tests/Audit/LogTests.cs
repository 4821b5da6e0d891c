using System.Net;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit.Log;
using MfaEvents.Server.Sealing;
using IDirectoryStore = MfaEvents.Server.Accounts.IDirectoryStore;

namespace MfaEvents.Server.Tests.Audit;

public sealed class LogTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task The_checkpoint_is_a_signed_note_over_the_root_that_the_events_have()
    {
        var account = await Logged(await AnAccount());
        var note = (await account.Root.Get($"{account.Path}/audit/checkpoint")).ShouldBeText();

        var checkpoint = await Opened(note.Text);
        checkpoint.Origin.ShouldBe($"localhost/accounts/{account.Id}/audit");
        checkpoint.Size.ShouldBe(21);
        var verification = await account.Root.Post($"{account.Path}/audit/verification");
        Convert.ToBase64String(checkpoint.Root).ShouldBe(verification.TextOf("rootHash"));

        (await Opened((await account.Root.Get($"{account.Path}/audit/checkpoint?size=4")).Text)).Size.ShouldBe(4);
        (await Opened((await account.Root.Get($"{account.Path}/audit/checkpoint?size=0")).Text)).Root.ShouldBe(MerkleHash.Empty);
        (await account.Root.Get($"{account.Path}/audit/checkpoint?size=22")).ShouldFindFault("size");
    }

    [Fact]
    public async Task Every_entry_is_proven_to_be_in_every_log_after_it_and_every_log_to_begin_every_longer_one()
    {
        var account = await Logged(await AnAccount());
        var roots = new Dictionary<long, byte[]>();
        for (var size = 1; size <= 21; size++)
            roots[size] = (await Opened((await account.Root.Get($"{account.Path}/audit/checkpoint?size={size}")).Text)).Root;

        for (var size = 1; size <= 21; size++)
        {
            for (var index = 0; index < size; index += 1 + size / 7)
            {
                var proof = (await account.Root.Get($"{account.Path}/audit/proofs/inclusion?index={index}&size={size}")).ShouldBe(HttpStatusCode.OK)
                    .ShouldHave("index", "size", "leafHash", "hashes");
                MerkleProof.VerifyInclusion(proof["leafHash"].GetBytesFromBase64(), index, size, Hashes(proof), roots[size]).ShouldBeTrue();
                MerkleProof.VerifyInclusion(MerkleHash.OfLeaf([]), index, size, Hashes(proof), roots[size]).ShouldBeFalse();
            }

            for (var to = size; to <= 21; to += 3)
            {
                var proof = (await account.Root.Get($"{account.Path}/audit/proofs/consistency?from={size}&to={to}")).ShouldBe(HttpStatusCode.OK)
                    .ShouldHave("from", "to", "hashes");
                MerkleProof.VerifyConsistency(size, roots[size], to, roots[to], Hashes(proof)).ShouldBeTrue();
                MerkleProof.VerifyConsistency(size, MerkleHash.Empty, to, roots[to], Hashes(proof)).ShouldBeFalse();
            }
        }
    }

    [Theory]
    [InlineData("inclusion?index=21", "index"), InlineData("inclusion", "index"), InlineData("inclusion?index=0&size=0", "size")]
    [InlineData("inclusion?index=5&size=5", "index"), InlineData("inclusion?index=-1", "index"), InlineData("inclusion?index=1.5&size=x", "index size")]
    [InlineData("consistency", "from"), InlineData("consistency?from=0", "from"), InlineData("consistency?from=5&to=4", "from")]
    [InlineData("consistency?from=1&to=22", "to")]
    public async Task Numbers_that_name_no_entry_or_no_log_are_faults(string query, string members)
    {
        var account = await Logged(await AnAccount());
        (await account.Root.Get($"{account.Path}/audit/proofs/{query}")).ShouldFindFault(members.Split(' '));
    }

    [Theory]
    [InlineData("checkpoint"), InlineData("proofs/inclusion?index=0"), InlineData("proofs/consistency?from=1")]
    public async Task The_log_is_roots_and_auditors(string path)
    {
        var account = await Logged(await AnAccount());
        var other = await api.RegisteredAccount();
        (await account.A("auditor").Get($"{account.Path}/audit/{path}")).Status.ShouldBe(200);
        (await (await account.CreatedUser("alice")).Get($"{account.Path}/audit/{path}")).ShouldRefuse(403, "forbidden");
        foreach (var role in (string[])["operator", "service", "support-agent", "support-approver", "provisioner"])
            (await account.A(role).Get($"{account.Path}/audit/{path}")).ShouldRefuse(403, "forbidden");
        (await other.Root.Get($"{account.Path}/audit/{path}")).ShouldRefuse(404, "not-found");
        (await other.A("auditor").Get($"{account.Path}/audit/{path}")).ShouldRefuse(404, "not-found");
        (await api.A("auditor").Get($"/accounts/000000000001/audit/{path}")).ShouldRefuse(404, "not-found");
        (await api.Nobody().Get($"{account.Path}/audit/{path}")).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task A_rotation_signs_with_another_key_and_what_was_signed_before_stays_verifiable()
    {
        await using var host = await run.StartHostAsync("mfa_checkpoint_keys");
        var account = await host.RegisteredAccount();
        var before = (await account.Root.Get($"{account.Path}/audit/checkpoint?size=0")).ShouldBeText().Text;
        var first = (await host.Nobody().Get("/.well-known/checkpoint-key")).Text;

        await using (var session = host.Services.GetRequiredService<IDirectoryStore>().LightweightSession())
        {
            await host.Services.GetRequiredService<CheckpointKeys>().RotateAsync(session, TestContext.Current.CancellationToken);
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var second = (await host.Nobody().Get("/.well-known/checkpoint-key")).ShouldBeText().Text;
        second.ShouldNotBe(first);
        (await host.Nobody().Get("/.well-known/checkpoint-keys")).Text.ShouldBe(second + first);
        NoteSignatures.Open(before, NoteKey.Parse(first)!).ShouldNotBeNull();
        NoteSignatures.Open(before, NoteKey.Parse(second)!).ShouldBeNull();
        NoteSignatures.Open((await account.Root.Get($"{account.Path}/audit/checkpoint")).Text, NoteKey.Parse(second)!).ShouldNotBeNull();

        var keys = (await host.A("operator").Get("/keys"))["keys"].EnumerateArray().Where(key => key.GetProperty("purpose").GetString() == "checkpoints");
        keys.Select(key => key.GetProperty("state").GetString()).ShouldBe(["active", "retired"]);
        (await host.RowsAsync("select count(*) from sealed.mt_doc_checkpointkey where data ->> 'sealedPrivateKey' is not null")).ShouldBe(["1"]);
    }

    /// <summary>Twenty-one entries: more than a tile.</summary>
    private async Task<OpenAccount> AnAccount()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice("phone").Activated();
        for (var i = 0; i < 16; i++) await device.Verified();
        return account;
    }

    private static async Task<OpenAccount> Logged(OpenAccount account)
    {
        await Scenarios.Eventually(
            async () => (await account.Root.Get($"{account.Path}/audit?limit=1"))["items"].EnumerateArray().Any(item => item.GetProperty("index").GetInt64() >= 20), "all of it is logged");
        return account;
    }

    private async Task<Checkpoint> Opened(string note)
    {
        var key = NoteKey.Parse((await api.Nobody().Get("/.well-known/checkpoint-key")).ShouldBeText().Text).ShouldNotBeNull();
        return Checkpoint.Parse(NoteSignatures.Open(note, key).ShouldNotBeNull()).ShouldNotBeNull();
    }

    private static List<byte[]> Hashes(Reply proof) => [.. proof["hashes"].EnumerateArray().Select(hash => hash.GetBytesFromBase64())];
}
