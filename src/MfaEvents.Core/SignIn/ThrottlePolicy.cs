using System.ComponentModel.DataAnnotations;

namespace MfaEvents.Core.SignIn;

/// <summary>
/// How long attempts wait after failures in a row, for codes and for passwords alike (RFC 4226 7.3), and when a device is
/// suspended (NIST SP 800-63B-4 3.2.2).
/// </summary>
public sealed record ThrottlePolicy
{
    /// <summary>The failure in a row that begins the first wait; it is still answered as a failure itself.</summary>
    [Range(1, 100)]
    public int FirstWaitAt { get; init; } = 5;

    /// <summary>The first wait, in whole seconds; each further failure doubles it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait, in whole seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>The failure of a device in a row that suspends it (NIST: at most 100).</summary>
    [Range(1, 100)]
    public int SuspendAt { get; init; } = 100;

    /// <summary>The wait that the <paramref name="failures"/>th failure in a row begins, in seconds; 0 for none.</summary>
    public int SecondsAfter(int failures)
    {
        if (failures < FirstWaitAt) return 0;

        // Thirty doublings of a second are longer than any wait can be set to.
        var doubled = FirstWait.TotalSeconds * (1L << Math.Min(failures - FirstWaitAt, 30));
        return (int)Math.Min(doubled, LongestWait.TotalSeconds);
    }
}
