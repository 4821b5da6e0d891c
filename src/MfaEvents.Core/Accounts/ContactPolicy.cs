using System.ComponentModel.DataAnnotations;

namespace MfaEvents.Core.Accounts;

/// <summary>The policies for contact information.</summary>
public sealed record ContactPolicy
{
    /// <summary>How long after a recovery, or a removal by support, nothing of it can be changed (NIST SP 800-63B-4 4.6).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Lock { get; init; } = TimeSpan.FromHours(72);

    /// <summary>How long a change can be undone by whoever was reached before it, who is told of everything meanwhile.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Undo { get; init; } = TimeSpan.FromHours(72);

    /// <summary>How long the link to a new address is good for.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "24:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan ProofLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How many changes may be asked for in 24 hours: each sends mail to an address that somebody named.</summary>
    [Range(1, 100)]
    public int RequestsPerDay { get; init; } = 10;

    /// <summary>How many calls to a new number may be asked for in 24 hours.</summary>
    [Range(1, 100)]
    public int CallsPerDay { get; init; } = 5;

    /// <summary>How many wrong digits end a call.</summary>
    [Range(1, 10)]
    public int WrongDigits { get; init; } = 5;
}
