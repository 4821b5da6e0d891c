using System.ComponentModel.DataAnnotations;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Recovery;

/// <summary>The policies of the root user's recovery (NIST SP 800-63B-4 4.2).</summary>
public sealed record RecoveryPolicy
{
    /// <summary>What is counted is counted for so long.</summary>
    public static readonly TimeSpan Day = TimeSpan.FromHours(24);

    /// <summary>The whole process, and with it the link in the mail.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The wrong digits that end a call.</summary>
    [Range(1, 10)]
    public int WrongDigits { get; init; } = 5;

    /// <summary>How many calls one recovery makes: a phone that keeps ringing wears its owner down.</summary>
    [Range(1, 50)]
    public int Calls { get; init; } = 10;

    /// <summary>How many recoveries of an account get past the e-mail in 24 hours.</summary>
    [Range(1, 20)]
    public int PerDay { get; init; } = 3;

    /// <summary>
    /// How many recoveries of an account begin in 24 hours, from wherever: each sends mail. One that its owner repudiated does
    /// not count, so that whoever is flooded can make room for their own.
    /// </summary>
    [Range(1, 200)]
    public int StartsPerDay { get; init; } = 20;

    /// <summary>The start in a row, from one network, after which the next one waits: each sends a mail.</summary>
    [Range(1, 100)]
    public int FirstWaitAt { get; init; } = 10;

    /// <summary>How old a change of the contact must be to be trusted.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan ContactSettles { get; init; } = TimeSpan.FromHours(72);

    /// <summary>How long completion waits after a change of the contact that is younger.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Hold { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How much longer such a recovery lives.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "14.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan HoldLifetime { get; init; } = TimeSpan.FromHours(48);

    /// <summary>How long a recovery can be repudiated, and asked about with its key.</summary>
    [Range(typeof(TimeSpan), "4.00:00:00", "90.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Remembered { get; init; } = TimeSpan.FromDays(14);

    /// <summary>How starts in a row from one network wait.</summary>
    public ThrottlePolicy Starts(ThrottlePolicy throttle) => throttle with { FirstWaitAt = FirstWaitAt };

    /// <summary>The seconds until another recovery may begin; null when it may now.</summary>
    /// <param name="started">When the account's recoveries began that were not repudiated.</param>
    /// <param name="now">The time.</param>
    public int? SecondsUntilStart(IEnumerable<DateTimeOffset> started, DateTimeOffset now) => Core.PerDay.Wait(started, StartsPerDay, now);

    /// <summary>The seconds until another recovery may prove its e-mail; null when it may now.</summary>
    /// <param name="proven">When the account's recoveries proved theirs.</param>
    /// <param name="now">The time.</param>
    public int? SecondsUntilProof(IEnumerable<DateTimeOffset> proven, DateTimeOffset now) => Core.PerDay.Wait(proven, PerDay, now);
}
