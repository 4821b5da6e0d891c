using System.Net;
using MfaEvents.Server.Recovery;
using Npgsql;

namespace MfaEvents.Server.Tests.Recovery;

/// <summary>The two proofs of a recovery: each for its own, once, in time, and few wrong ones.</summary>
public sealed class RecoveryProofsTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task A_link_is_good_once_for_its_own_recovery_and_refusals_are_recorded()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var (recovery, second) = (await account.BegunRecovery(), await account.BegunRecovery());
        var token = await recovery.EmailToken();
        (await recovery.ProveEmail(await second.EmailToken())).ShouldRefuse(403, "invalid-proof");
        (await recovery.ProveEmail(await recovery.RepudiationToken())).ShouldRefuse(403, "invalid-proof");
        (await recovery.ProveEmail("x")).ShouldRefuse(403, "invalid-proof");
        (await recovery.ProveEmail(token)).ShouldBe(HttpStatusCode.OK);
        (await recovery.ProveEmail(token)).ShouldRefuse(403, "invalid-proof");
        (await recovery.Events()).ShouldBe(
        [
            "recovery_started", "recovery_proof_rejected", "recovery_proof_rejected", "recovery_proof_rejected", "email_verified",
            "recovery_proof_rejected",
        ]);
        (await recovery.By.Post(recovery.Path + "/email-proofs", new { })).ShouldFindFault("token");
    }

    [Fact]
    public async Task The_fifth_wrong_token_in_a_row_begins_a_wait()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery();
        var token = await recovery.EmailToken();
        for (var i = 0; i < 5; i++) (await recovery.ProveEmail("wrong")).ShouldRefuse(403, "invalid-proof");
        (await recovery.ProveEmail(token)).ShouldRefuse(429, "too-many-attempts").Headers.RetryAfter!.ToString().ShouldBe("5");
        (await recovery.Events()).Length.ShouldBe(6);
        account.Time.Pass(TimeSpan.FromSeconds(5));
        (await recovery.ProveEmail(token)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_link_is_void_after_a_day_and_so_is_the_recovery()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var (recovery, proven) = (await account.BegunRecovery(), await account.VerifiedRecovery());
        var token = await recovery.EmailToken();
        account.Time.Pass(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(1));
        (await recovery.ProveEmail(token)).ShouldRefuse(403, "invalid-proof");
        (await recovery.Step()).ShouldBe("expired");
        (await proven.Complete()).ShouldRefuse(409, "recovery-state");
        (await proven.Step()).ShouldBe("expired");

        api.Clock.Set(account.Time.Now);
        await api.HandleAsync(account.Id, new ExpireRecovery(proven.Stream));
        await api.HandleAsync(account.Id, new ExpireRecovery(proven.Stream));
        (await proven.Events()).Count(name => name == "recovery_expired").ShouldBe(1);
        (await proven.Repudiate(await proven.RepudiationToken())).ShouldBe(HttpStatusCode.NoContent);
        (await proven.Step()).ShouldBe("expired");
    }

    [Fact]
    public async Task A_recovery_that_is_not_over_is_not_ended_by_its_message()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.VerifiedRecovery();
        await api.HandleAsync(account.Id, new ExpireRecovery(recovery.Stream));
        (await recovery.Complete()).ShouldBe(HttpStatusCode.OK);
        api.Clock.Set(account.Time.Now + TimeSpan.FromDays(10));
        await api.HandleAsync(account.Id, new ExpireRecovery(recovery.Stream));
        (await recovery.Step()).ShouldBe("completed");
    }

    [Fact]
    public async Task Five_wrong_digits_end_a_call_and_a_new_one_can_be_had_after_the_wait()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery().EmailProven();
        var call = (await recovery.Call()).ShouldBe(HttpStatusCode.Created);
        var (callId, digits) = (call["callId"].GetGuid(), call.TextOf("digits"));
        for (var i = 0; i < 5; i++) (await account.KeyDigits(callId, Telephone.Wrong(digits))).ShouldBe(HttpStatusCode.NoContent);
        (await account.KeyDigits(callId, digits)).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Step()).ShouldBe("phone");
        (await recovery.Call()).ShouldRefuse(429, "too-many-attempts");

        account.Time.Pass(TimeSpan.FromSeconds(11));
        await Task.FromResult(recovery).PhoneProven();
        (await recovery.Step()).ShouldBe("verified");
        (await recovery.Events()).Count(name => name == "recovery_proof_rejected").ShouldBe(6);
    }

    [Fact]
    public async Task Four_wrong_digits_and_then_the_right_ones_will_do()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery().EmailProven();
        var call = (await recovery.Call()).ShouldBe(HttpStatusCode.Created);
        for (var i = 0; i < 4; i++) await account.KeyDigits(call["callId"].GetGuid(), Telephone.Wrong(call.TextOf("digits")));
        (await account.KeyDigits(call["callId"].GetGuid(), call.TextOf("digits"))).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Step()).ShouldBe("verified");
    }

    [Fact]
    public async Task Digits_are_good_for_ten_minutes_and_for_the_last_call_only()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery().EmailProven();
        var (first, second) = (await recovery.Call(), await recovery.Call());
        (await account.KeyDigits(first["callId"].GetGuid(), first.TextOf("digits"))).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Step()).ShouldBe("phone");
        account.Time.Pass(TimeSpan.FromMinutes(10));
        (await account.KeyDigits(second["callId"].GetGuid(), second.TextOf("digits"))).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Step()).ShouldBe("phone");
        (await recovery.Events()).Count(name => name == "recovery_proof_rejected").ShouldBe(2);
        await Task.FromResult(recovery).PhoneProven();
        (await recovery.Step()).ShouldBe("verified");
    }

    [Fact]
    public async Task Digits_of_another_accounts_call_prove_nothing_here()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var (other, _) = await api.AccountWithLostDevice();
        var (mine, theirs) = (await account.BegunRecovery().EmailProven(), await other.BegunRecovery().EmailProven());
        var (myCall, theirCall) = (await mine.Call(), await theirs.Call());
        (await account.KeyDigits(theirCall["callId"].GetGuid(), theirCall.TextOf("digits"))).ShouldBe(HttpStatusCode.NoContent);
        (await mine.Step()).ShouldBe("phone");
        (await theirs.Step()).ShouldBe("verified");
        (await account.KeyDigits(myCall["callId"].GetGuid(), myCall.TextOf("digits"))).ShouldBe(HttpStatusCode.NoContent);
        (await mine.Step()).ShouldBe("verified");
    }

    [Fact]
    public async Task An_answer_that_comes_again_counts_once_whatever_it_was()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery().EmailProven();
        var call = (await recovery.Call()).ShouldBe(HttpStatusCode.Created);
        foreach (var digits in (string[])[Telephone.Wrong(call.TextOf("digits")), call.TextOf("digits")])
        {
            var body = Telephone.Keyed(digits);
            var signature = api.Sign(body, account.Time.Now);
            var replies = await Scenarios.AtOnce(3, _ => api.CallBack(call["callId"].GetGuid(), body, signature, account.Time));
            replies.Select(reply => reply.Status).Order().ShouldBe([204, 403, 403]);
        }

        (await recovery.Step()).ShouldBe("verified");
        (await recovery.Events()).ShouldBe(
            ["recovery_started", "email_verified", "phone_call_placed", "recovery_proof_rejected", "phone_verified"]);
    }

    [Fact]
    public async Task Nobody_waits_for_the_root_user_while_a_call_is_prepared()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery().EmailProven();
        await using var connection = await api.ConnectAsync();
        await using var slow = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand("lock table directory.mt_doc_phonecall in share mode", connection, slow);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var call = Task.Run(recovery.Call);
        await Task.Delay(TimeSpan.FromSeconds(0.5), TestContext.Current.CancellationToken);
        (await recovery.Complete().WaitAsync(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken)).ShouldRefuse(409, "recovery-state");
        call.IsCompleted.ShouldBeFalse();
        await slow.CommitAsync(TestContext.Current.CancellationToken);
        (await call).ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Of_many_proofs_at_once_with_one_link_one_proves()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery();
        var token = await recovery.EmailToken();
        var replies = await Scenarios.AtOnce(4, _ => recovery.ProveEmail(token));
        replies.Select(reply => reply.Status).Order().ShouldBe([200, 403, 403, 403]);
        (await recovery.Events()).Count(name => name == "email_verified").ShouldBe(1);
    }

    [Fact]
    public async Task Of_many_right_digits_at_once_one_verifies()
    {
        var (account, _) = await api.AccountWithLostDevice();
        var recovery = await account.BegunRecovery().EmailProven();
        var call = await recovery.Call();
        var replies = await Scenarios.AtOnce(4, _ => account.KeyDigits(call["callId"].GetGuid(), call.TextOf("digits")));
        replies.ShouldAllBe(reply => reply.Status == 204);
        (await recovery.Events()).Count(name => name == "phone_verified").ShouldBe(1);
    }
}
