using JasperFx.Events;
using JasperFx.Events.Projections;
using JasperFx.MultiTenancy;
using Marten;
using Marten.Events;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;
using MfaEvents.Core.Support;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Audit.Erasure;
using MfaEvents.Server.Audit.Log;
using MfaEvents.Server.Audit.Push;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Audit.WhatIf;
using MfaEvents.Server.Devices;
using MfaEvents.Server.Http;
using MfaEvents.Server.Jobs;
using MfaEvents.Server.Notifications;
using MfaEvents.Server.Notifications.Notices;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Recovery;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.SignIn;
using MfaEvents.Server.Support;
using Weasel.Core;
using Wolverine.Marten;

namespace MfaEvents.Server.Setup;

/// <summary>The event store and its documents: one tenant per account, string stream keys, pinned event names.</summary>
public static class EventStore
{
    public const string Schema = "mfa";

    /// <summary>Secrets have a schema of their own, so that a backup of the event store can leave it out.</summary>
    public const string SealedSchema = "sealed";

    public static void AddEventStore(this WebApplicationBuilder builder, string connectionString)
    {
        TimeProvider clock = new MicrosecondClock();
        builder.Services.AddSingleton(clock);
        builder.Services.AddMarten(store => Configure(store, connectionString, clock))
            .IntegrateWithWolverine(integration =>
            {
                integration.UseWolverineManagedEventSubscriptionDistribution = true;
                integration.MessageStorageSchemaName = Messaging.Schema;
            })
            .SubscribeToEvents(new NoticeSubscription())
            .ApplyAllDatabaseChangesOnStartup();
        builder.Services.AddMartenStore<IDirectoryStore>(store => DirectoryStore.Configure(store, connectionString))
            .IntegrateWithWolverine()
            .ApplyAllDatabaseChangesOnStartup();
    }

    private static void Configure(StoreOptions store, string connectionString, TimeProvider clock)
    {
        store.Connection(connectionString);
        store.DatabaseSchemaName = Schema;
        store.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase);
        store.Policies.AllDocumentsAreMultiTenanted();

        store.Events.StreamIdentity = StreamIdentity.AsString;
        store.Events.TenancyStyle = TenancyStyle.Conjoined;
        store.Events.UseMandatoryStreamTypeDeclaration = true;
        store.Events.MetadataConfig.EnableAll();
        store.Events.MetadataConfig.UserNameEnabled = true;
        store.Events.TimeProvider = clock;

        // A case's snapshot leaves the message for the desk's queue, whatever changed the case.
        store.Events.EnableSideEffectsOnInlineProjections = true;
        PinEventNames(store.Events);

        store.Schema.For<SealedSeed>().DatabaseSchemaName(SealedSchema);
        store.Schema.For<SealedContact>().DatabaseSchemaName(SealedSchema);
        store.Schema.For<SealedPassword>().DatabaseSchemaName(SealedSchema);
        store.Schema.For<SealedNote>().DatabaseSchemaName(SealedSchema);
        store.Schema.For<DeviceName>();
        store.Schema.For<IamUser>();
        store.Schema.For<Session>().Index(session => session.Principal);
        store.Schema.For<SessionUse>();
        store.Schema.For<OpenLink>();
        store.Schema.For<CaseInProgress>();
        store.Schema.For<SupportCase>().Index(found => found.Principal);
        store.Schema.For<EnrolmentCode>();
        store.Schema.For<NoticeMark>();
        store.Schema.For<SignInChallenge>().Index(challenge => challenge.Principal);
        store.Schema.For<PasswordBeforeRecovery>().DatabaseSchemaName(SealedSchema);
        store.Schema.For<KeptRecoveryKey>();
        store.Schema.For<TakenAnswer>();
        store.Schema.For<RootRecovery>().Index(recovery => recovery.StartedAt);
        RememberedAnswer.Map(store);
        store.Schema.For<Rebuild>();
        store.Schema.For<RebuildCancellation>();
        store.Schema.For<BuiltView>();
        store.Schema.For<DataErasure>();
        store.Schema.For<WhatIfJob>();
        AuditTables.Map(store);
        LogTables.Map(store);
        PushTables.Map(store);

        store.Projections.Add<PrincipalMfaSnapshot>(ProjectionLifecycle.Inline);
        store.Projections.Add<AccountSnapshot>(ProjectionLifecycle.Inline);
        store.Projections.Add<RecoverySnapshot>(ProjectionLifecycle.Inline);
        store.Projections.Add(new DeviceNames(), ProjectionLifecycle.Inline);
        store.Projections.Add(new SeedDestruction(), ProjectionLifecycle.Inline);
        store.Projections.Add(new SessionList(), ProjectionLifecycle.Inline);
        store.Projections.Add(new IamUsers(), ProjectionLifecycle.Inline);
        store.Projections.Add<SupportCaseSnapshot>(ProjectionLifecycle.Inline);
        store.Projections.Add(new CasesInProgress(), ProjectionLifecycle.Inline);
        store.Projections.Add(new EnrolmentCodes(), ProjectionLifecycle.Inline);
        store.Projections.Add(new AuditTrail(), ProjectionLifecycle.Async, AuditTrail.ProjectionName);
        store.Projections.All.OfType<ProjectionBase>().Single(source => source.Name == AuditTrail.ProjectionName).Version =
            AuditTrail.Version;

        // A poisoned event stops its projection, where an operator sees it: security state with a hole in it helps nobody.
        store.Projections.Errors.SkipApplyErrors = false;
        store.Projections.Errors.SkipSerializationErrors = false;
        store.Projections.Errors.SkipUnknownEvents = false;

        // A number that is missing may be that of an event whose transaction is still open: it is waited for as long as any
        // transaction lives that may have drawn it, and skipped when none does.
        store.Projections.UseTransactionEvidenceForGapSkipping = true;
        store.Projections.SkipStaleGapsDespiteLiveTransactionsAfter = null;
    }

    private static void PinEventNames(IEventStoreOptions events)
    {
        events.MapEventType<AccountRegistered>("account_registered");
        events.MapEventType<ContactChangeRequested>("contact_change_requested");
        events.MapEventType<ContactInformationChanged>("contact_information_changed");
        events.MapEventType<ContactRestored>("contact_restored");
        events.MapEventType<ContactCallPlaced>("contact_call_placed");
        events.MapEventType<ContactDigitsRejected>("contact_digits_rejected");
        events.MapEventType<NoticeRepudiated>("notice_repudiated");
        events.MapEventType<PersonalDataErased>("personal_data_erased");
        events.MapEventType<UserCreated>("user_created");
        events.MapEventType<UserDeleted>("user_deleted");

        events.MapEventType<RecoveryStarted>("recovery_started");
        events.MapEventType<RecoveryMailSent>("recovery_mail_sent");
        events.MapEventType<EmailVerified>("email_verified");
        events.MapEventType<PhoneCallPlaced>("phone_call_placed");
        events.MapEventType<PhoneVerified>("phone_verified");
        events.MapEventType<RecoveryCompleted>("recovery_completed");
        events.MapEventType<RecoveryProofRejected>("recovery_proof_rejected");
        events.MapEventType<RecoveryRepudiated>("recovery_repudiated");
        events.MapEventType<RecoveryExpired>("recovery_expired");
        events.MapEventType<RecoveryVerified>("recovery_verified");
        events.MapEventType<RecoveryUndone>("recovery_undone");

        events.MapEventType<PrincipalCreated>("principal_created");
        events.MapEventType<PrincipalDeleted>("principal_deleted");
        events.MapEventType<PasswordChanged>("password_changed");
        events.MapEventType<DeviceAssigned>("device_assigned");
        events.MapEventType<DeviceActivated>("device_activated");
        events.MapEventType<DeviceOutOfSync>("device_out_of_sync");
        events.MapEventType<DeviceResyncNoted>("device_resync_noted");
        events.MapEventType<DeviceResynced>("device_resynced");
        events.MapEventType<DeviceDriftMoved>("device_drift_moved");
        events.MapEventType<CodeAccepted>("code_accepted");
        events.MapEventType<CodeRejected>("code_rejected");
        events.MapEventType<AttemptsThrottled>("attempts_throttled");
        events.MapEventType<DeviceSuspended>("device_suspended");
        events.MapEventType<DeviceRenamed>("device_renamed");
        events.MapEventType<DeviceRemoved>("device_removed");
        events.MapEventType<SignedIn>("signed_in");
        events.MapEventType<SignInRefused>("sign_in_refused");
        events.MapEventType<PasswordAttemptsThrottled>("password_attempts_throttled");
        events.MapEventType<SessionEnded>("session_ended");
        events.MapEventType<SessionsEnded>("sessions_ended");
        events.MapEventType<MfaRemovedBySupport>("mfa_removed_by_support");
        events.MapEventType<EnrolmentCodeRejected>("enrolment_code_rejected");
        events.MapEventType<EnrolmentAttemptsThrottled>("enrolment_attempts_throttled");

        events.MapEventType<CaseOpened>("case_opened");
        events.MapEventType<EvidenceRecorded>("evidence_recorded");
        events.MapEventType<CallBackPlaced>("call_back_placed");
        events.MapEventType<CallBackRejected>("call_back_rejected");
        events.MapEventType<RemovalRequested>("removal_requested");
        events.MapEventType<SecondPersonMissing>("second_person_missing");
        events.MapEventType<RemovalApproved>("removal_approved");
        events.MapEventType<RemovalNoticeDelivered>("removal_notice_delivered");
        events.MapEventType<RemovalPutOff>("removal_put_off");
        events.MapEventType<RemovalDeclined>("removal_declined");
        events.MapEventType<RemovalVetoed>("removal_vetoed");
        events.MapEventType<RemovalExecuted>("removal_executed");
        events.MapEventType<EnrolmentCodeIssued>("enrolment_code_issued");
        events.MapEventType<CaseExpired>("case_expired");
        events.MapEventType<CaseClosed>("case_closed");
    }
}
