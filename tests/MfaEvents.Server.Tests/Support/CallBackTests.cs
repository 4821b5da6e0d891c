using System.Net;
using MfaEvents.Core.Support;

namespace MfaEvents.Server.Tests.Support;

public sealed class CallBackTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task The_digits_that_the_agent_reads_out_are_keyed_into_the_phone_and_the_product_records_the_evidence()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase();
        var call = (await found.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted).ShouldHave("callId", "digits", "expiresAt");
        (await found.Read())["evidence"].GetArrayLength().ShouldBe(0);
        (await found.Evidence("knowledge")).ShouldBe(HttpStatusCode.Created);
        (await found.Request()).ShouldRefuse(409, "evidence-missing");

        (await Key(account, call, Wrong(call))).ShouldBe(HttpStatusCode.NoContent);
        (await found.Request()).ShouldRefuse(409, "evidence-missing");
        (await Key(account, call, call.TextOf("digits"))).ShouldBe(HttpStatusCode.NoContent);

        (await found.Read())["evidence"].EnumerateArray().Select(kind => kind.GetString()).ShouldBe(["knowledge", "callBack"]);
        var recorded = (await api.EventsAsync(account.Id, found.Stream))[^1];
        recorded.Data.ShouldBeOfType<EvidenceRecorded>().CallId.ShouldBe(call["callId"].GetGuid());
        recorded.UserName.ShouldBe("telephony");
        (await Key(account, call, call.TextOf("digits"))).ShouldBe(HttpStatusCode.NoContent);
        (await api.EventsAsync(account.Id, found.Stream)).Count(e => e.Data is EvidenceRecorded).ShouldBe(2);
        (await found.Request()).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Whoever_had_the_number_called_does_not_decide()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase();
        var call = (await found.Evidence("callBack", account.Agent("eve"))).ShouldBe(HttpStatusCode.Accepted);
        await Key(account, call, call.TextOf("digits"));
        (await found.Evidence("knowledge")).ShouldBe(HttpStatusCode.Created);
        (await found.Request()).ShouldBe(HttpStatusCode.OK);
        (await found.Approve(account.Approver("eve"))).ShouldRefuse(403, "second-person-required");
    }

    [Fact]
    public async Task Five_wrong_digits_end_the_call_and_ten_minutes_do()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase();
        var call = (await found.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted);
        for (var i = 0; i < 5; i++) await Key(account, call, Wrong(call));
        await Key(account, call, call.TextOf("digits"));
        (await found.Read())["evidence"].GetArrayLength().ShouldBe(0);

        var late = (await found.Evidence("callBack")).ShouldBe(HttpStatusCode.Accepted);
        account.Time.Pass(TimeSpan.FromMinutes(10));
        await Key(account, late, late.TextOf("digits"));
        (await found.Read())["evidence"].GetArrayLength().ShouldBe(0);
        (await api.EventsAsync(account.Id, found.Stream)).Count(e => e.Data is CallBackRejected).ShouldBe(5);
    }

    [Fact]
    public async Task Digits_are_in_no_event_and_in_no_remembered_answer()
    {
        var account = await api.RegisteredAccount();
        var found = await account.OpenedCase();
        var again = account.Agent().Repeatably("call");
        var call = (await found.Evidence("callBack", again)).ShouldBe(HttpStatusCode.Accepted);
        (await found.Evidence("callBack", again)).ShouldBe(HttpStatusCode.Accepted)["callId"].GetGuid().ShouldBe(call["callId"].GetGuid());
        foreach (var table in (string[])["mt_doc_rememberedanswer", "mt_events"])
            (await api.RowsAsync($"select data::text from mfa.{table} where tenant_id = $1", account.Id))
                .ShouldAllBe(data => !data.Contains($"\"{call.TextOf("digits")}\""));
    }

    private static Task<Reply> Key(OpenAccount account, Reply placed, string digits) =>
        (account.Host.Nobody() with { Time = account.Time }).Post($"/development/calls/{placed.TextOf("callId")}/digits", new { digits });

    private static string Wrong(Reply placed) => placed.TextOf("digits") == "000000" ? "000001" : "000000";
}
