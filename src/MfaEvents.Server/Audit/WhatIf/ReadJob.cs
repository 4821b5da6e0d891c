using Marten;
using MfaEvents.Core.Audit.WhatIf;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Audit.WhatIf;

/// <summary>How far a job is, and what it has found.</summary>
/// <param name="JobId">The job.</param>
/// <param name="AccountId">The account whose history is played.</param>
/// <param name="Principal">The only principal whose history is played; null for everybody's.</param>
/// <param name="Settings">The policies that are tried.</param>
/// <param name="State"><c>running</c>, <c>succeeded</c> or <c>failed</c>.</param>
/// <param name="Progress">The part of the events that were played, from 0 to 1.</param>
/// <param name="EventsDone">Events that were played.</param>
/// <param name="EventsTotal">Events there were when it began.</param>
/// <param name="Attempts">Attempts among them.</param>
/// <param name="ShorterWaits">
/// Waits that would have been shorter: attempts refused during a wait are in no event, so nobody knows how they would have ended.
/// </param>
/// <param name="DifferencesTotal">How many attempts would have ended differently, or may have.</param>
/// <param name="Differences">The first thousand of them, principal by principal.</param>
/// <param name="StartedBy">Who asked for it.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="FinishedAt">When it ended.</param>
/// <param name="Outcome">Why it failed, in a sentence.</param>
public sealed record WhatIfView(
    Guid JobId,
    string AccountId,
    string? Principal,
    TriedSettings Settings,
    WhatIfState State,
    double Progress,
    long EventsDone,
    long EventsTotal,
    long Attempts,
    long ShorterWaits,
    long DifferencesTotal,
    IReadOnlyList<DifferenceView> Differences,
    string StartedBy,
    DateTimeOffset StartedAt,
    DateTimeOffset? FinishedAt,
    string? Outcome)
{
    public static WhatIfView Of(WhatIfJob job) => new(
        job.Id,
        job.AccountId,
        job.Principal,
        TriedSettings.Of(job.Tried),
        job.State,
        job.State == WhatIfState.Succeeded ? 1 : Math.Round(Math.Min(1, job.EventsDone / (double)Math.Max(1, job.EventsTotal)), 3),
        job.EventsDone,
        Math.Max(job.EventsTotal, job.EventsDone),
        job.Attempts,
        job.ShorterWaits,
        job.DifferencesTotal,
        [.. job.Differences.Select(DifferenceView.Of)],
        job.StartedBy,
        job.StartedAt,
        job.FinishedAt,
        job.Outcome);
}

/// <summary>The policies that a job tries, all of them; windows are in time steps.</summary>
public sealed record TriedSettings(
    int SignInWindow, int SearchWindow, int FirstWaitAt, int FirstWaitSeconds, int LongestWaitSeconds, int SuspendAt)
{
    public static TriedSettings Of(DevicePolicy policy) => new(
        policy.SignInWindow,
        policy.SearchWindow,
        policy.Throttle.FirstWaitAt,
        (int)policy.Throttle.FirstWait.TotalSeconds,
        (int)policy.Throttle.LongestWait.TotalSeconds,
        policy.Throttle.SuspendAt);
}

/// <summary>An attempt that would have ended differently, or may have.</summary>
/// <param name="Principal">Whose attempt it was.</param>
/// <param name="Version">The version of its event in the principal's history.</param>
/// <param name="OccurredAt">When it was made.</param>
/// <param name="DeviceId">The device; null for the support desk's enrolment code.</param>
/// <param name="Purpose">What the code was submitted for.</param>
/// <param name="Was">How it ended.</param>
/// <param name="WasBecause">Why it was refused, where it was.</param>
/// <param name="WouldBe">How it would have ended.</param>
/// <param name="WouldBeBecause">Why it would have been refused, where it would.</param>
/// <param name="IsCertain">
/// Whether that is what would have happened. It is not from the first attempt of the principal on that hangs on something history does
/// not tell, such as a code that was not looked at; that attempt is told as well, with what it would be as a wrong code.
/// </param>
public sealed record DifferenceView(
    string Principal,
    long Version,
    DateTimeOffset OccurredAt,
    Guid? DeviceId,
    AttemptPurpose Purpose,
    AttemptEnd Was,
    RejectionReason? WasBecause,
    AttemptEnd WouldBe,
    RejectionReason? WouldBeBecause,
    bool IsCertain)
{
    public static DifferenceView Of(PrincipalDifference difference)
    {
        var (principal, of) = difference;
        return new DifferenceView(
            principal, of.Version, of.At, of.DeviceId, of.Purpose, of.Was, of.WasBecause, of.WouldBe, of.WouldBeBecause, of.IsCertain);
    }
}

/// <summary>Tells how far a job is, to an auditor of its account.</summary>
public static class ReadJobEndpoint
{
    [WolverineGet(Routes.Job), NotTenanted, Allow(Role.Auditor)]
    [Answers(200, typeof(WhatIfView))]
    public static async Task<Answer> Get(string jobId, Caller caller, IQuerySession session, CancellationToken cancellation)
    {
        if (Uuid.Parse(jobId) is not { } id) return Problems.NotFound;
        var found = await session.Query<WhatIfJob>().SingleOrDefaultAsync(job => job.AnyTenant() && job.Id == id, cancellation);
        return found is not null && caller.Sees(found.AccountId, Role.Auditor) ? Answer.Ok(WhatIfView.Of(found)) : Problems.NotFound;
    }
}
