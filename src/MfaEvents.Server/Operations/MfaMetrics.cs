using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;
using MfaEvents.Core.Support;
using MfaEvents.Server.Notifications;

namespace MfaEvents.Server.Operations;

/// <summary>
/// The product's own figures. No tag names an account, a principal, a device or an address. Counting costs a comparison while
/// nobody listens.
/// </summary>
public sealed class MfaMetrics : IDisposable
{
    public const string MeterName = "MfaEvents";

    private readonly Meter meter;
    private readonly Counter<long> codes;
    private readonly Counter<long> waits;
    private readonly Counter<long> suspensions;
    private readonly Counter<long> signIns;
    private readonly Counter<long> caseSteps;
    private readonly Counter<long> recoveries;
    private readonly Counter<long> proofs;
    private readonly Counter<long> links;
    private readonly Counter<long> callbacks;
    private readonly Counter<long> checkpointFailures;
    private readonly ObservableGauge<long> lag;
    private readonly ObservableGauge<long> stopped;
    private readonly ObservableGauge<long> deadLetters;
    private IReadOnlyList<ProjectionState> projections = [];
    private long? deadLetterCount;

    public MfaMetrics(IMeterFactory meters)
    {
        meter = meters.Create(MeterName);
        codes = meter.CreateCounter<long>("mfaevents.codes", "{code}", "Codes, or pairs of them, that were accepted or refused.");
        waits = meter.CreateCounter<long>("mfaevents.waits", "{attempt}", "Attempts that were refused because a wait was on.");
        suspensions = meter.CreateCounter<long>("mfaevents.suspensions", "{device}", "Devices that were suspended.");
        signIns = meter.CreateCounter<long>("mfaevents.sign_ins", "{sign-in}", "Sign-ins that succeeded or were refused.");
        recoveries = meter.CreateCounter<long>(
            "mfaevents.recoveries", "{recovery}", "Recoveries that were started, completed, repudiated or expired.");
        proofs = meter.CreateCounter<long>(
            "mfaevents.recovery_proofs", "{proof}", "Proofs of recoveries that were accepted or refused.");
        links = meter.CreateCounter<long>("mfaevents.links", "{link}", "Links of mails that were used, or refused.");
        checkpointFailures = meter.CreateCounter<long>(
            "mfaevents.checkpoint_failures", "{round}", "Rounds of writing checkpoints of the audit logs out that failed.");
        callbacks = meter.CreateCounter<long>(
            "mfaevents.callbacks", "{callback}", "Answers of the telephony gateway that were accepted, or refused as not its own.");
        caseSteps = meter.CreateCounter<long>("mfaevents.case_steps", "{step}", "Steps of support cases.");
        meter.CreateObservableGauge(
            "mfaevents.projection.lag_time",
            () => projections.Select(p => new Measurement<double>(p.LagSeconds, new KeyValuePair<string, object?>("projection", p.Name))),
            "s",
            "How long the oldest event that a projection has not seen has waited.");
        lag = meter.CreateObservableGauge(
            "mfaevents.projection.lag",
            () => projections.Select(p => Measured(p, p.Lag)),
            "{event}",
            "Events not projected yet.");
        stopped = meter.CreateObservableGauge(
            "mfaevents.projection.stopped",
            () => projections.Select(p => Measured(p, p.State == ProjectionState.Running ? 0 : 1)),
            "{projection}",
            "1 while a projection does not run.");
        deadLetters = meter.CreateObservableGauge(
            "mfaevents.dead_letters",
            () => deadLetterCount is { } count ? (Measurement<long>[])[new(count)] : [],
            "{message}",
            "Messages that were given up.");
    }

    /// <summary>Whether somebody listens to what has to be asked of the database.</summary>
    public bool WantsDatabaseFigures => lag.Enabled || stopped.Enabled || deadLetters.Enabled;

    /// <summary>Whether somebody listens to what is counted from events.</summary>
    public bool WantsEvents =>
        codes.Enabled || suspensions.Enabled || signIns.Enabled || recoveries.Enabled || proofs.Enabled
        || caseSteps.Enabled;

    /// <summary>Counts an event that was committed.</summary>
    public void Count(object committed)
    {
        switch (committed)
        {
            case CodeAccepted e: CountCode(e.Purpose, null); break;
            case DeviceActivated: CountCode(CodePurpose.Activation, null); break;
            case DeviceResynced or DeviceResyncNoted: CountCode(CodePurpose.Resync, null); break;
            case CodeRejected e: CountCode(e.Purpose, e.Reason); break;
            case DeviceSuspended: suspensions.Add(1); break;
            case ICaseEvent e: CountCaseStep(e.GetType().Name); break;
            case SignedIn e: CountSignIn(Word(e.Factor.ToString()), "succeeded"); break;
            case SignInRefused e: CountSignIn(Word(e.Factor.ToString()), "refused"); break;
            case RecoveryStarted: CountRecovery("started"); break;
            case EmailVerified: CountProof(RecoveryProof.Email, "accepted"); break;
            case PhoneVerified: CountProof(RecoveryProof.Phone, "accepted"); break;
            case RecoveryProofRejected e: CountProof(e.Proof, "refused"); break;
            case RecoveryCompleted: CountRecovery("completed"); break;
            case RecoveryRepudiated: CountRecovery("repudiated"); break;
            case RecoveryExpired: CountRecovery("expired"); break;
        }
    }

    /// <summary>Counts an attempt that was refused unseen, because a wait was on. No event tells of it.</summary>
    /// <param name="purpose">What was attempted, such as <c>verifications</c> or <c>sign-ins</c>; never a name.</param>
    public void CountWait(string purpose) => waits.Add(1, new KeyValuePair<string, object?>("purpose", purpose));

    /// <summary>Counts a step of a support case, by the name of its event, also where none is recorded any more.</summary>
    public void CountCaseStep(string step) => caseSteps.Add(1, new KeyValuePair<string, object?>("step", Word(step)));

    /// <summary>Counts the token of a link. Of a refused one no event tells: nobody knows whose it would have been.</summary>
    public void CountLink(LinkPurpose purpose, bool accepted) => links.Add(1, new TagList
    {
        { "outcome", accepted ? "accepted" : "refused" }, { "purpose", Word(purpose.ToString()) },
    });

    /// <summary>Counts a round of writing checkpoints out that failed.</summary>
    public void CountCheckpointFailure() => checkpointFailures.Add(1);

    /// <summary>Counts an answer of the telephony gateway: <c>accepted</c>, or <c>refused</c> as false, late or repeated.</summary>
    public void CountCallback(string outcome) => callbacks.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>Takes over what was read from the database, to be shown until it is read again.</summary>
    public void Observe(IReadOnlyList<ProjectionState> states, long deadLettersNow)
    {
        projections = states;
        deadLetterCount = deadLettersNow;
    }

    /// <summary>Shows nothing rather than what was true before the database failed.</summary>
    public void Forget()
    {
        projections = [];
        deadLetterCount = null;
    }

    public void Dispose() => meter.Dispose();

    private void CountSignIn(string factor, string outcome) => signIns.Add(1, new TagList
    {
        { "outcome", outcome }, { "factor", factor },
    });

    private void CountRecovery(string outcome) => recoveries.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    private void CountProof(RecoveryProof proof, string outcome) => proofs.Add(1, new TagList
    {
        { "outcome", outcome }, { "proof", Word(proof.ToString()) },
    });

    private void CountCode(CodePurpose purpose, RejectionReason? reason) => codes.Add(1, new TagList
    {
        { "outcome", reason is null ? "accepted" : "refused" },
        { "purpose", Word(purpose.ToString()) },
        { "reason", reason is null ? "none" : Word(reason.Value.ToString()) },
    });

    private static Measurement<long> Measured(ProjectionState projection, long value) =>
        new(value, new KeyValuePair<string, object?>("projection", projection.Name));

    private static string Word(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);
}
