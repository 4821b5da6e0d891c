using System.ComponentModel.DataAnnotations;
using MfaEvents.Server.Audit.Push;

namespace MfaEvents.Server.Setup;

/// <summary>What is done with the audit log outside of the database.</summary>
public sealed class AuditSettings
{
    /// <summary>How often the heads of logs that have grown are written out.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Where to; <c>{DataDirectory}/checkpoints</c> when it is not given. Nodes share it, or each has some of them.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>Who the events of all accounts are pushed to.</summary>
    public PushSettings Push { get; init; } = new();
}
