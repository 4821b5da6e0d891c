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
