using System.Collections.Immutable;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Devices;

/// <summary>A principal's devices and failures: the state of one stream, on which every decision about a device rests.</summary>
public sealed partial record PrincipalMfa
{
    /// <summary>The principal, <c>root</c> or <c>user:{userName}</c>, which is the stream's key as well.</summary>
    public required string Id { get; init; }

    public ImmutableArray<MfaDevice> Devices { get; init; } = [];

    /// <summary>Refused codes in a row, over all devices, since the last accepted one.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>The last wait that those failures began, for every device.</summary>
    public Wait? Wait { get; init; }

    /// <summary>When a sign-in was last completed with a second factor.</summary>
    public DateTimeOffset? LastSecondFactorAt { get; init; }

    /// <summary>
    /// Whether the enrolment code takes the place of a device: support removed every device, and none has been activated since.
    /// </summary>
    public bool EnrolmentCodeRequired => EnrolmentCaseId is not null;

    /// <summary>The case that gives that code: the one that removed the devices last.</summary>
    public Guid? EnrolmentCaseId { get; init; }

    /// <summary>Until when sign-ins are flagged, after a removal by support.</summary>
    public DateTimeOffset? WatchedUntil { get; init; }

    /// <summary>Refused codes in a row after right passwords, since the last sign-in.</summary>
    public int RefusedSignIns { get; init; }

    /// <summary>When the password was last changed; null for the first one.</summary>
    public DateTimeOffset? PasswordChangedAt { get; init; }

    /// <summary>When the sessions were last ended, all or all but one.</summary>
    public DateTimeOffset? SessionsEndedAt { get; init; }

    /// <summary>When a way in without a device was last used: the contact stays as it is for a while from then on.</summary>
    public DateTimeOffset? ContactLockedSince { get; init; }

    /// <summary>Whether the account's contact information may not be changed yet; a state of the root user alone.</summary>
    public bool IsContactLocked(DateTimeOffset now, ContactPolicy policy) => now - ContactLockedSince < policy.Lock;

    /// <summary>
    /// Whether the password alone signs nobody in although there is no device: whoever took the devices away knows it.
    /// </summary>
    public bool RefusesPasswordAlone { get; init; }

    /// <summary>Whether there is a device that was ever activated.</summary>
    public bool HasSecondFactor => Devices.Any(device => device.WasActivated);

    /// <summary>Whether a sign-in needs no second factor.</summary>
    public bool PasswordAloneServes => !HasSecondFactor && !RefusesPasswordAlone;

    public MfaDevice? Device(Guid deviceId) => Devices.FirstOrDefault(device => device.DeviceId == deviceId);

    /// <summary>
    /// The state after <paramref name="event"/>, which happened <paramref name="at"/>; null once the principal is gone.
    /// </summary>
    public static PrincipalMfa? Evolve(PrincipalMfa? state, string principal, object @event, DateTimeOffset at)
    {
        if (@event is PrincipalCreated) return new PrincipalMfa { Id = principal };
        return state is null ? null : state.After(@event, at);
    }

    private PrincipalMfa? After(object @event, DateTimeOffset at) => @event switch
    {
        PrincipalDeleted => null,

        DeviceAssigned e => this with
        {
            Devices = Devices.Add(new MfaDevice
            {
                DeviceId = e.DeviceId,
                Name = e.DeviceName,
                Type = e.DeviceType,
                Status = DeviceStatus.Pending,
                AssignedAt = at,
            }),
        },

        DeviceActivated e => Accepted(e.DeviceId, e.Step, device => device with
        {
            Status = DeviceStatus.Active,
            ActivatedAt = at,
            Trend = DriftTrend.From(e.DriftSteps, at),
        }) with { RefusesPasswordAlone = false, EnrolmentCaseId = null },

        DeviceOutOfSync e => With(e.DeviceId, device => device with
        {
            Status = DeviceStatus.OutOfSync,
            StraySteps = [],
            EdgeRun = 0,
        }),

        DeviceResyncNoted e => With(e.DeviceId, device => device with
        {
            LastUsedStep = Later(device.LastUsedStep, e.Step),
            NotedPair = new NotedPair(e.DriftSteps, at),
        }),

        DeviceResynced e => Accepted(e.DeviceId, e.Step, device => device with
        {
            Status = DeviceStatus.Active,
            DriftSteps = e.DriftSteps,
            EdgeRun = 0,
            NotedPair = null,
            Trend = DriftTrend.From(e.DriftSteps, at),
        }),

        DeviceDriftMoved e => With(e.DeviceId, device => device with
        {
            DriftSteps = e.DriftSteps,
            DriftMovedAt = at,
            EdgeRun = 0,
        }),

        CodeAccepted e => Accepted(e.DeviceId, e.Step, device => device with
        {
            LastUsedAt = at,
            EdgeRun = NextEdgeRun(device, e.DriftSteps),
            Trend = device.Trend?.And(e.DriftSteps, at),
        }),

        CodeRejected e => With(e.DeviceId, device => device with
        {
            ConsecutiveFailures = device.ConsecutiveFailures + 1,
            StraySteps = NextStraySteps(device, e),
        }) with { ConsecutiveFailures = ConsecutiveFailures + 1 },

        AttemptsThrottled e => With(e.DeviceId, device => device with
        {
            Wait = Wait.Begun(e.DeviceWaitSeconds, at, device.Wait),
        }) with { Wait = Wait.Begun(e.PrincipalWaitSeconds, at, Wait) },

        DeviceSuspended e => With(e.DeviceId, device => device with
        {
            Status = DeviceStatus.Suspended,
            StraySteps = [],
            EdgeRun = 0,
        }),

        DeviceRenamed e => With(e.DeviceId, device => device with { Name = e.DeviceName }),

        SignInRefused { Factor: Factor.Otp or Factor.EnrolmentCode } => this with { RefusedSignIns = RefusedSignIns + 1 },

        SignedIn { Factor: Factor.EnrolmentCode } => this with { RefusedSignIns = 0, ConsecutiveFailures = 0, Wait = null },

        SignedIn e => this with
        {
            RefusedSignIns = 0,
            LastSecondFactorAt = e.Factor == Factor.Otp && !(LastSecondFactorAt > at) ? at : LastSecondFactorAt,
        },

        DeviceRemoved e => this with { Devices = Devices.RemoveAll(device => device.DeviceId == e.DeviceId) },

        EnrolmentCodeRejected => this with { ConsecutiveFailures = ConsecutiveFailures + 1 },

        EnrolmentAttemptsThrottled e => this with { Wait = Wait.Begun(e.WaitSeconds, at, Wait) },

        MfaRemovedBySupport e => this with
        {
            RefusesPasswordAlone = true,
            EnrolmentCaseId = e.CaseId,
            WatchedUntil = e.WatchedUntil,
            ContactLockedSince = at,
        },

        PasswordChanged => this with { PasswordChangedAt = at },

        SessionsEnded => this with { SessionsEndedAt = at },

        RecoveryVerified => this with { ContactLockedSince = at },

        RecoveryUndone e => this with
        {
            RefusesPasswordAlone = !HasSecondFactor,
            PasswordChangedAt = e.PasswordVoided ? at : PasswordChangedAt,
        },

        _ => this,
    };

    private PrincipalMfa Accepted(Guid deviceId, long step, Func<MfaDevice, MfaDevice> change) =>
        With(deviceId, device => change(device) with
        {
            LastUsedStep = Later(device.LastUsedStep, step),
            ConsecutiveFailures = 0,
            Wait = null,
            StraySteps = [],
        }) with { ConsecutiveFailures = 0, Wait = null };

    private PrincipalMfa With(Guid deviceId, Func<MfaDevice, MfaDevice> change) =>
        this with { Devices = [.. Devices.Select(device => device.DeviceId == deviceId ? change(device) : device)] };

    private static long Later(long? used, long step) => used > step ? used.Value : step;

    private static int NextEdgeRun(MfaDevice device, int offset)
    {
        var edge = Math.Sign(offset - device.DriftSteps);
        return Math.Sign(device.EdgeRun) == edge ? device.EdgeRun + edge : edge;
    }

    private static ImmutableArray<long> NextStraySteps(MfaDevice device, CodeRejected e) => e switch
    {
        { Purpose: CodePurpose.Verification or CodePurpose.SignIn, Reason: RejectionReason.OutsideWindow, Step: { } step } =>
            device.StraySteps.Contains(step) ? device.StraySteps : device.StraySteps.Add(step),
        _ => [],
    };
}
