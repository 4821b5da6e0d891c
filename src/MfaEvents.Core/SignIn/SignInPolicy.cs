using System.ComponentModel.DataAnnotations;

namespace MfaEvents.Core.SignIn;

/// <summary>How long what a sign-in gives out is good for.</summary>
public sealed record SignInPolicy
{
    /// <summary>From the right password to the code.</summary>
    [Range(typeof(TimeSpan), "00:00:30", "00:30:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan ChallengeLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>An access token, in whole seconds; it is renewed within its session.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>A session, however busy (ASVS 7.3.2).</summary>
    [Range(typeof(TimeSpan), "00:05:00", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromHours(12);

    /// <summary>A session that is not used (ASVS 7.3.1).</summary>
    [Range(typeof(TimeSpan), "00:02:00", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromMinutes(30);
}
