using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.Core.Devices;

/// <summary>
/// How a device's clock runs: the straight line through the offsets of its accepted codes since its clock was last set, by
/// activation or resync. It keeps sums, not codes, in whole hours and steps: exact, and as small after a million codes as after
/// one.
/// </summary>
public sealed record DriftTrend
{
    /// <summary>Fewer codes, or a shorter time, say nothing about a clock whose codes come in steps of 30 s.</summary>
    private const int FewestCodes = 10;
    private const int ShortestHours = 7 * 24;

    private const double HourSeconds = 3600;

    /// <summary>A line that leaves the window later than this says that it does not.</summary>
    private const double FarthestHours = 10 * 365.25 * 24;

    /// <summary>When the clock was last set: hours are counted from here.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>How many codes.</summary>
    public required int Count { get; init; }

    /// <summary>Hours since <see cref="Since"/> of the latest code.</summary>
    public long Hours { get; init; }

    public long SumOfHours { get; init; }

    public long SumOfSquaredHours { get; init; }

    /// <summary>Of the offsets, in steps.</summary>
    public required long SumOfSteps { get; init; }

    public long SumOfHoursTimesSteps { get; init; }

    public static DriftTrend From(int offset, DateTimeOffset at) => new() { Since = at, Count = 1, SumOfSteps = offset };

    public DriftTrend And(int offset, DateTimeOffset at)
    {
        var hours = Math.Max(0, (long)(at - Since).TotalHours);
        return this with
        {
            Count = Count + 1,
            Hours = Math.Max(Hours, hours),
            SumOfHours = SumOfHours + hours,
            SumOfSquaredHours = SumOfSquaredHours + hours * hours,
            SumOfSteps = SumOfSteps + offset,
            SumOfHoursTimesSteps = SumOfHoursTimesSteps + hours * offset,
        };
    }

    /// <summary>
    /// The drift rate in parts per million, positive for a clock that is fast; null while there is too little to tell.
    /// </summary>
    public double? RatePpm() => StepsPerHour() is { } slope ? slope * TimeStep.Seconds / HourSeconds * 1e6 : null;

    /// <summary>
    /// When the line leaves the farthest window that use can move, if the clock goes on so; null when it does not in ten years.
    /// </summary>
    /// <param name="drift">The drift that is remembered now, which a resync may have set beyond the limit of use.</param>
    /// <param name="policy">The window and the limit.</param>
    public DateTimeOffset? LeavesWindowAt(int drift, DevicePolicy policy)
    {
        if (StepsPerHour() is not { } slope || slope == 0) return null;
        var edge = Math.Sign(slope) * (Math.Max(policy.DriftLimit, Math.Sign(slope) * drift) + policy.SignInWindow + 0.5);
        var start = (SumOfSteps - slope * SumOfHours) / Count;
        var hours = (edge - start) / slope;
        return hours > FarthestHours ? null : Since.AddHours(Math.Max(hours, Hours));
    }

    // Least squares.
    private double? StepsPerHour()
    {
        if (Count < FewestCodes || Hours < ShortestHours) return null;
        var spread = (double)Count * SumOfSquaredHours - (double)SumOfHours * SumOfHours;
        return spread <= 0 ? null : ((double)Count * SumOfHoursTimesSteps - (double)SumOfHours * SumOfSteps) / spread;
    }
}
