using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using Npgsql;

namespace MfaEvents.Server.Tests.Accounts;

/// <summary>A change of contact overtakes nothing that commits beside it.</summary>
public sealed class ContactRacesTests(TestRun run)
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(1);

    private readonly MfaHost api = run.Host;

    [Theory, InlineData("proof"), InlineData("request"), InlineData("call"), InlineData("digits")]
    public async Task A_recovery_that_is_about_to_commit_locks_the_contact_before_it_is_changed(string what)
    {
        var account = await api.RegisteredAccount();
        var (token, _, phone) = await Requested(account);
        var call = (await account.Root.Post($"{account.Path}/contact/calls")).ShouldBe(HttpStatusCode.Created);
        var version = await account.VersionOf("account");

        api.Clock.Set(account.Time.Now);
        await using var recovery = api.Store.LightweightSession(account.Id);
        var root = await recovery.Events.FetchForExclusiveWriting<PrincipalMfa>("root", TestContext.Current.CancellationToken);
        root.AppendOne(new RecoveryVerified(Guid.NewGuid()));
        var change = Task.Run(() => what switch
        {
            "proof" => account.Root.Post($"{account.Path}/contact/email-proofs", new { token }),
            "request" => account.Root.Put($"{account.Path}/contact", new { email = Scenarios.NewEmail(), phone }),
            "call" => account.Root.Post($"{account.Path}/contact/calls"),
            _ => account.KeyDigits(call["callId"].GetGuid(), call.TextOf("digits")),
        });
        await Task.Delay(LongEnough, TestContext.Current.CancellationToken);
        change.IsCompleted.ShouldBeFalse();
        await recovery.SaveChangesAsync(TestContext.Current.CancellationToken);

        if (what == "digits") (await change).ShouldBe(HttpStatusCode.NoContent);
        else (await change).ShouldRefuse(409, "contact-locked");
        (await account.VersionOf("account")).ShouldBe(version);
    }

    [Fact]
    public async Task A_new_address_is_claimed_when_nobody_settles_the_accounts_addresses()
    {
        var account = await api.RegisteredAccount();
        var (token, email, _) = await Requested(account);
        await using var settling = await api.ConnectAsync();
        await using var transaction = await settling.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand("select pg_advisory_xact_lock($1)", settling, transaction);
        hold.Parameters.Add(new NpgsqlParameter<long> { TypedValue = BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"root e-mail of {account.Id}"))) });
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var proof = Task.Run(() => account.Root.Post($"{account.Path}/contact/email-proofs", new { token }));
        await Task.Delay(LongEnough, TestContext.Current.CancellationToken);
        (await api.RowsAsync("select id from directory.mt_doc_rootemail where id = $1", email)).ShouldBeEmpty();
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        (await proof).ShouldBe(HttpStatusCode.NoContent);
    }

    private static async Task<(string Token, string Email, string Phone)> Requested(OpenAccount account)
    {
        var (email, phone) = (Scenarios.NewEmail(), Scenarios.NewPhone());
        (await account.Root.Put($"{account.Path}/contact", new { email, phone })).ShouldBe(HttpStatusCode.Accepted);
        return ((await Mailbox.Of(account, email).Get("Confirm this e-mail address")).Token, email, phone);
    }
}
