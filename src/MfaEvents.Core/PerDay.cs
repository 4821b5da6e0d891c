namespace MfaEvents.Core;

/// <summary>What may happen so many times within 24 hours.</summary>
public static class PerDay
{
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    /// <summary>The seconds until it may happen again; null when it may now.</summary>
    /// <param name="times">When it happened, in no order.</param>
    /// <param name="most">How many times it may.</param>
    /// <param name="now">The time.</param>
    public static int? Wait(IEnumerable<DateTimeOffset> times, int most, DateTimeOffset now)
    {
        DateTimeOffset[] ofToday = [.. times.Where(at => now - at < Day).Order()];
        return ofToday.Length < most ? null : (int)Math.Ceiling((ofToday[^most] + Day - now).TotalSeconds);
    }
}
