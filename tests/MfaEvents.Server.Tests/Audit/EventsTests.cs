using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using JasperFx.Events;

namespace MfaEvents.Server.Tests.Audit;

/// <summary>The storage format: names of events, and what is known about each besides its payload.</summary>
public sealed class EventsTests(TestRun run)
{
    private readonly MfaHost api = run.Host;

    // Once stored, for ever: a name may be added here and never changed.
    private static readonly Dictionary<string, string> Pinned = new()
    {
        ["AccountRegistered"] = "account_registered",
        ["ContactChangeRequested"] = "contact_change_requested",
        ["ContactInformationChanged"] = "contact_information_changed",
        ["ContactRestored"] = "contact_restored",
        ["PersonalDataErased"] = "personal_data_erased",
        ["ContactCallPlaced"] = "contact_call_placed",
        ["ContactDigitsRejected"] = "contact_digits_rejected",
        ["NoticeRepudiated"] = "notice_repudiated",
        ["UserCreated"] = "user_created",
        ["UserDeleted"] = "user_deleted",
        ["RecoveryStarted"] = "recovery_started",
        ["RecoveryMailSent"] = "recovery_mail_sent",
        ["EmailVerified"] = "email_verified",
        ["PhoneCallPlaced"] = "phone_call_placed",
        ["PhoneVerified"] = "phone_verified",
        ["RecoveryCompleted"] = "recovery_completed",
        ["RecoveryProofRejected"] = "recovery_proof_rejected",
        ["RecoveryRepudiated"] = "recovery_repudiated",
        ["RecoveryExpired"] = "recovery_expired",
        ["RecoveryVerified"] = "recovery_verified",
        ["RecoveryUndone"] = "recovery_undone",
        ["PrincipalCreated"] = "principal_created",
        ["PrincipalDeleted"] = "principal_deleted",
        ["PasswordChanged"] = "password_changed",
        ["DeviceAssigned"] = "device_assigned",
        ["DeviceActivated"] = "device_activated",
        ["DeviceOutOfSync"] = "device_out_of_sync",
        ["DeviceResyncNoted"] = "device_resync_noted",
        ["DeviceResynced"] = "device_resynced",
        ["DeviceDriftMoved"] = "device_drift_moved",
        ["CodeAccepted"] = "code_accepted",
        ["CodeRejected"] = "code_rejected",
        ["DeviceRenamed"] = "device_renamed",
        ["DeviceRemoved"] = "device_removed",
        ["DeviceSuspended"] = "device_suspended",
        ["AttemptsThrottled"] = "attempts_throttled",
        ["SignedIn"] = "signed_in",
        ["SignInRefused"] = "sign_in_refused",
        ["PasswordAttemptsThrottled"] = "password_attempts_throttled",
        ["SessionEnded"] = "session_ended",
        ["SessionsEnded"] = "sessions_ended",
        ["MfaRemovedBySupport"] = "mfa_removed_by_support",
        ["EnrolmentCodeRejected"] = "enrolment_code_rejected",
        ["EnrolmentAttemptsThrottled"] = "enrolment_attempts_throttled",
        ["CaseOpened"] = "case_opened",
        ["EvidenceRecorded"] = "evidence_recorded",
        ["CallBackPlaced"] = "call_back_placed",
        ["CallBackRejected"] = "call_back_rejected",
        ["RemovalRequested"] = "removal_requested",
        ["SecondPersonMissing"] = "second_person_missing",
        ["RemovalApproved"] = "removal_approved",
        ["RemovalDeclined"] = "removal_declined",
        ["RemovalVetoed"] = "removal_vetoed",
        ["RemovalExecuted"] = "removal_executed",
        ["EnrolmentCodeIssued"] = "enrolment_code_issued",
        ["RemovalNoticeDelivered"] = "removal_notice_delivered",
        ["RemovalPutOff"] = "removal_put_off",
        ["CaseExpired"] = "case_expired",
        ["CaseClosed"] = "case_closed",
    };

    [Fact]
    public void Every_event_has_its_pinned_name()
    {
        var known = api.Store.Options.Events.AllKnownEventTypes()
            .Where(type => type.EventType.Assembly.GetName().Name!.StartsWith("MfaEvents", StringComparison.Ordinal))
            .ToDictionary(type => type.EventType.Name, type => type.EventTypeName);
        foreach (var (type, name) in Pinned) known.GetValueOrDefault(type).ShouldBe(name);
        known.Keys.ShouldBeSubsetOf(Pinned.Keys, "a new event: pin its name here");
    }

    [Fact]
    public async Task The_database_holds_pinned_names_only()
    {
        await AFullStory();

        // Marten leaves a tombstone where a rolled-back command had drawn its numbers.
        (await api.RowsAsync("select distinct type from mfa.mt_events where type <> 'tombstone'")).ShouldBeSubsetOf(Pinned.Values);
    }

    [Fact]
    public async Task Every_event_says_who_and_why_and_from_where()
    {
        var account = await AFullStory();
        foreach (var e in await EventsOf(account))
        {
            e.UserName.ShouldNotBeNullOrEmpty(e.EventTypeName);
            e.CorrelationId.ShouldNotBeNullOrEmpty(e.EventTypeName);
            e.GetHeader("actorIssuer").ShouldBe("urn:mfaevents:development", e.EventTypeName);
            e.GetHeader("clientAddress").ShouldBe("203.0.113.7", e.EventTypeName);
            e.GetHeader("userAgent").ShouldBe("tests/1.0", e.EventTypeName);
        }
    }

    [Fact]
    public async Task Every_event_carries_a_salted_commitment_to_its_personal_metadata()
    {
        var account = await AFullStory();
        var salts = new HashSet<string>();
        foreach (var e in await EventsOf(account))
        {
            // Counted apart from the product: a digest for each, SHA-256 over its salt and its JSON.
            var committed = Digest(e, "clientAddressSalt", "\"203.0.113.7\"").Concat(Digest(e, "userAgentSalt", "\"tests/1.0\""));
            e.GetHeader("personalDataCommitment")!.ToString().ShouldBe(Convert.ToBase64String([.. committed]), e.EventTypeName);
            salts.Add(e.GetHeader("clientAddressSalt")!.ToString()!);
            salts.Add(e.GetHeader("userAgentSalt")!.ToString()!);
        }

        salts.Count.ShouldBeGreaterThan(5);
    }

    [Fact]
    public async Task A_caller_without_address_or_user_agent_is_committed_to_as_well()
    {
        var account = await api.RegisteredAccount();
        var plain = account.Root with { Address = null, UserAgent = null };
        await account.AssignedDevice(plain, "root");
        var e = (await api.EventsAsync(account.Id, "root"))[^1];
        e.GetHeader("clientAddress").ShouldBeNull();
        e.GetHeader("userAgent").ShouldBeNull();
        var committed = Digest(e, "clientAddressSalt", "null").Concat(Digest(e, "userAgentSalt", "null"));
        e.GetHeader("personalDataCommitment")!.ToString().ShouldBe(Convert.ToBase64String([.. committed]));
    }

    private static byte[] Digest(IEvent e, string saltHeader, string json)
    {
        var salt = Convert.FromBase64String(e.GetHeader(saltHeader)!.ToString()!);
        salt.Length.ShouldBe(16);
        return SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(json)]);
    }

    [Fact]
    public async Task A_mapped_address_is_the_address_it_maps_and_a_user_agent_is_kept_short()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice(account.Root with { Address = "::ffff:198.51.100.4", UserAgent = new string('u', 5000) }, "root");
        var e = (await api.EventsAsync(account.Id, "root"))[^1];
        e.GetHeader("clientAddress").ShouldBe("198.51.100.4");
        e.GetHeader("userAgent")!.ToString()!.Length.ShouldBe(512);
    }

    [Fact]
    public async Task A_payload_repeats_nothing_of_that()
    {
        var account = await AFullStory();
        foreach (var e in await EventsOf(account))
        {
            var payload = JsonSerializer.Serialize(e.Data, e.Data.GetType());
            foreach (var personal in (string[])["203.0.113.7", "tests/1.0", account.Email, account.Phone, account.AccountName, "arn:"])
                payload.ShouldNotContain(personal, Case.Insensitive, e.EventTypeName);
        }
    }

    [Fact]
    public async Task A_callers_trace_is_the_correlation_and_its_span_the_causation()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice(account.Root with { TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }, "root");
        var e = (await api.EventsAsync(account.Id, "root"))[^1];
        e.CorrelationId.ShouldNotBeNull().ShouldContain("4bf92f3577b34da6a3ce929d0e0e4736");
        e.CausationId.ShouldNotBeNull().ShouldContain("00f067aa0ba902b7");
    }

    [Fact]
    public async Task Events_of_one_request_share_their_correlation()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice();
        var first = await account.AssignedDevice();
        await first.Activated();
        var events = await api.EventsAsync(account.Id, "root");

        // The activation, what it discarded and the sessions it ended are one decision, and the assignments are others.
        var decision = events.Skip(3).ToList();
        decision.Count.ShouldBe(3);
        decision.Select(e => e.CorrelationId).Distinct().ShouldHaveSingleItem();
        events.Take(3).Select(e => e.CorrelationId).ShouldNotContain(decision[0].CorrelationId);
    }

    private async Task<OpenAccount> AFullStory()
    {
        var account = await api.RegisteredAccount();
        await account.AssignedDevice();
        var device = await (await account.AssignedDevice().Activated()).Verified();
        (await device.Verify(device.WrongCode())).ShouldRefuse(403, "invalid-authentication-code");
        (await account.Root.Patch(device.Path, new { deviceName = Scenarios.NewName("renamed") })).ShouldBe(HttpStatusCode.OK);
        account.Time.PassSteps(60);
        (await device.Resync(device.Codes(-50))).ShouldBe(HttpStatusCode.OK);
        account.Time.PassSteps(2);
        (await device.Resync(device.Codes(-50))).ShouldBe(HttpStatusCode.OK);
        await account.CreatedUser("alice");
        (await account.Root.Put(account.PrincipalPath("user:alice") + "/password", new { newPassword = Scenarios.Password })).ShouldBe(HttpStatusCode.NoContent);
        (await account.Root.Delete($"{account.Path}/users/alice")).ShouldBe(HttpStatusCode.NoContent);
        (await account.Root.Put($"{account.Path}/contact", new { email = Scenarios.NewEmail(), phone = account.Phone })).ShouldBe(HttpStatusCode.Accepted);
        (await account.Root.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);
        return account;
    }

    private async Task<IReadOnlyList<IEvent>> EventsOf(OpenAccount account) =>
    [
        .. await api.EventsAsync(account.Id, "account"), .. await api.EventsAsync(account.Id, "root"), .. await api.EventsAsync(account.Id, "user:alice"),
    ];
}
