using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Tests.Support;
using Npgsql;

namespace MfaEvents.Server.Tests.Operations;

[Collection(nameof(OperatedHost))]
public sealed class MetricsTests(OperatedHost operated) : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<string, long> counts = new();

    public void Dispose() => listener.Dispose();

    [Fact]
    public async Task A_code_counts_once_by_outcome_purpose_and_reason()
    {
        Listen();
        var account = await operated.Host.RegisteredAccount();
        var device = await account.AssignedDevice();
        (await device.SubmitCodes(new { code1 = device.WrongCode(), code2 = device.Code() })).Status.ShouldBe(403);
        await device.Activated();
        var code = device.Code();
        (await device.Verify(code)).ShouldBe(HttpStatusCode.OK);
        for (var again = 0; again < 2; again++) (await device.Verify(code)).Status.ShouldBe(403);
        (await device.Verify(device.WrongCode())).Status.ShouldBe(403);

        counts.ShouldBe(
            new Dictionary<string, long>
            {
                ["mfaevents.codes accepted activation none"] = 1,
                ["mfaevents.codes refused activation wrong"] = 1,
                ["mfaevents.codes accepted verification none"] = 1,
                ["mfaevents.codes refused verification replayed"] = 2,
                ["mfaevents.codes refused verification wrong"] = 1,
            },
            ignoreOrder: true);
    }

    [Fact]
    public async Task What_was_not_committed_does_not_count()
    {
        var account = await operated.Host.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        await using var connection = await operated.Host.ConnectAsync();
        await using var poison = new NpgsqlCommand(
            $$"""
            create or replace function mfa.refuse() returns trigger language plpgsql as $f$ begin raise exception 'no'; end $f$;
            create constraint trigger refuse after insert on mfa.mt_events deferrable initially deferred
                for each row when (new.tenant_id = '{{account.Id}}') execute function mfa.refuse();
            """,
            connection);
        await poison.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        Listen();

        (await device.Verify(device.Code())).ShouldRefuse(500, "unexpected");

        counts.ShouldBeEmpty();
        await using var mended = new NpgsqlCommand("drop trigger refuse on mfa.mt_events", connection);
        await mended.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);
        counts.Keys.ShouldBe(["mfaevents.codes accepted verification none"]);
    }

    [Fact]
    public async Task A_sign_in_counts_by_outcome_and_factor()
    {
        var account = await operated.Host.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        var half = await account.HalfSignedIn();
        Listen();
        (await half.Code(device, device.WrongCode())).Status.ShouldBe(403);
        (await half.Code(device, device.Code())).ShouldBe(HttpStatusCode.OK);
        counts.ShouldBe(
            new Dictionary<string, long>
            {
                ["mfaevents.codes refused signIn wrong"] = 1,
                ["mfaevents.sign_ins refused otp"] = 1,
                ["mfaevents.codes accepted signIn none"] = 1,
                ["mfaevents.sign_ins succeeded otp"] = 1,
            },
            ignoreOrder: true);
    }

    [Fact]
    public async Task What_waits_is_counted_by_what_was_attempted()
    {
        var account = await operated.Host.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        for (var failure = 0; failure < 5; failure++) await device.Verify(device.WrongCode());
        Listen();
        for (var attempt = 0; attempt < 3; attempt++) (await device.Verify(device.Code())).Status.ShouldBe(429);
        counts.ShouldBe(new Dictionary<string, long> { ["mfaevents.waits verifications"] = 3 });
    }

    [Fact]
    public async Task Each_step_of_a_case_counts_and_so_does_whoever_is_turned_away_after_that_is_recorded_no_more()
    {
        Listen();
        var account = await operated.Host.RegisteredAccount();
        var found = await account.OpenedCase().Requested();
        for (var attempt = 0; attempt < 5; attempt++) (await found.Approve(account.Approver("ann"))).ShouldRefuse(403, "second-person-required");
        (await found.Refuse()).ShouldBe(HttpStatusCode.OK);

        counts.ShouldBe(
            new Dictionary<string, long>
            {
                ["mfaevents.case_steps caseOpened"] = 1,
                ["mfaevents.case_steps evidenceRecorded"] = 2,
                ["mfaevents.case_steps removalRequested"] = 1,
                ["mfaevents.case_steps secondPersonMissing"] = 5,
                ["mfaevents.case_steps removalDeclined"] = 1,
            },
            ignoreOrder: true);
    }

    [Fact]
    public async Task A_recovery_counts_by_outcome_and_its_proofs_links_and_callbacks_by_theirs()
    {
        var (account, _) = await operated.Host.AccountWithLostDevice();
        Listen();
        var recovery = await account.BegunRecovery();
        (await recovery.ProveEmail("wrong")).Status.ShouldBe(403);
        await Task.FromResult(recovery).EmailProven();
        var call = (await recovery.Call()).ShouldBe(HttpStatusCode.Created);
        var (callId, digits) = (call["callId"].GetGuid(), call.TextOf("digits"));
        (await operated.Host.CallBack(callId, Telephone.Keyed(digits), "t=1", account.Time)).Status.ShouldBe(403);
        (await account.KeyDigits(callId, Telephone.Wrong(digits))).ShouldBe(HttpStatusCode.NoContent);
        (await account.KeyDigits(callId, digits)).ShouldBe(HttpStatusCode.NoContent);
        (await recovery.Complete()).ShouldBe(HttpStatusCode.OK);
        (await recovery.Repudiate("wrong")).Status.ShouldBe(403);
        (await recovery.Repudiate(await recovery.RepudiationToken())).ShouldBe(HttpStatusCode.NoContent);

        counts.ShouldBe(
            new Dictionary<string, long>
            {
                ["mfaevents.recoveries started"] = 1,
                ["mfaevents.recovery_proofs refused email"] = 1,
                ["mfaevents.recovery_proofs accepted email"] = 1,
                ["mfaevents.callbacks refused"] = 1,
                ["mfaevents.callbacks accepted"] = 2,
                ["mfaevents.recovery_proofs refused phone"] = 1,
                ["mfaevents.recovery_proofs accepted phone"] = 1,
                ["mfaevents.recoveries completed"] = 1,
                ["mfaevents.sign_ins succeeded recovery"] = 1,
                ["mfaevents.links refused repudiation"] = 1,
                ["mfaevents.links accepted repudiation"] = 1,
                ["mfaevents.recoveries repudiated"] = 1,
            },
            ignoreOrder: true);
    }

    [Fact]
    public async Task A_link_counts_by_what_it_is_good_for_and_whether_it_was()
    {
        var account = await operated.Host.RegisteredAccount();
        var email = Scenarios.NewEmail();
        (await account.Root.Put($"{account.Path}/contact", new { email, phone = account.Phone })).ShouldBe(HttpStatusCode.Accepted);
        var proof = (await Mailbox.Of(account, email).Get("Confirm this e-mail address")).Token;
        var notice = (await Mailbox.Of(account).Get("A change of contact information was asked for")).Token;
        Listen();
        foreach (var token in (string[])["wrong", proof]) await account.Root.Post($"{account.Path}/contact/email-proofs", new { token });
        for (var time = 0; time < 2; time++) await account.Stranger().Post("/repudiations", new { token = notice });

        counts.ShouldBe(
            new Dictionary<string, long>
            {
                ["mfaevents.links refused contactEmail"] = 1,
                ["mfaevents.links accepted contactEmail"] = 1,
                ["mfaevents.links accepted repudiation"] = 1,
                ["mfaevents.links refused repudiation"] = 1,
            },
            ignoreOrder: true);
    }

    private void Listen()
    {
        var factory = operated.Host.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Name == MfaMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, factory) && !instrument.IsObservable)
                listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => counts.AddOrUpdate(
            string.Join(' ', tags.ToArray().Select(tag => tag.Value).Prepend(instrument.Name)), value, (_, sum) => sum + value));
        listener.Start();
    }
}
