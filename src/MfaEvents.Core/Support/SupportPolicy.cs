using System.ComponentModel.DataAnnotations;

namespace MfaEvents.Core.Support;

/// <summary>How the desk removes the MFA of somebody who can prove nothing by themselves (CISA AA23-320A, ASVS 2.3.5).</summary>
public sealed record SupportPolicy
{
    /// <summary>From the approval to the removal: the time in which the owner can veto it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan CoolingOff { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a case may stay undecided.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "90.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan CaseLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>For how long a number must have been on file before a call to it is evidence.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan NumberOnFile { get; init; } = TimeSpan.FromHours(72);

    /// <summary>How many wrong digits end a call.</summary>
    [Range(1, 10)]
    public int WrongDigitsPerCall { get; init; } = 5;

    /// <summary>How many calls one case may place: a phone that rings all day is an attack on its owner.</summary>
    [Range(1, 100)]
    public int CallsPerCase { get; init; } = 5;

    /// <summary>How many cases about one principal may be opened within 24 hours: each writes to its owner.</summary>
    [Range(1, 100)]
    public int CasesPerDay { get; init; } = 10;

    /// <summary>How many calls the cases of one principal may place within 24 hours, whoever opens and closes them.</summary>
    [Range(1, 100)]
    public int CallsPerDay { get; init; } = 10;

    /// <summary>How many pieces of evidence one case may hold.</summary>
    [Range(2, 1000)]
    public int EvidencePerCase { get; init; } = 20;

    /// <summary>How long an enrolment code is good for.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan EnrolmentCodeLifetime { get; init; } = TimeSpan.FromHours(72);

    /// <summary>For how long after a removal sign-ins are flagged.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan WatchPeriod { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The seconds until another case about a principal may be opened; null when it may be now.</summary>
    public int? SecondsUntilNextCase(IEnumerable<SupportCase> ofPrincipal, DateTimeOffset now) =>
        PerDay.Wait(ofPrincipal.Select(found => found.OpenedAt), CasesPerDay, now);

    /// <summary>The seconds until its number may be called again; null when it may be now.</summary>
    public int? SecondsUntilNextCall(IEnumerable<SupportCase> ofPrincipal, DateTimeOffset now) =>
        PerDay.Wait(ofPrincipal.SelectMany(found => found.CalledAt), CallsPerDay, now);

    /// <summary>A notice that the owner gets later than that after the approval has come late.</summary>
    internal TimeSpan InTime => CoolingOff / 10;

    /// <summary>After which time an owner who could not be told is looked for again: a tenth of the cooling-off, 1 s to 5 min.</summary>
    public TimeSpan UntoldPause =>
        TimeSpan.FromSeconds(Math.Clamp(CoolingOff.TotalSeconds / 10, 1, TimeSpan.FromMinutes(5).TotalSeconds));
}
