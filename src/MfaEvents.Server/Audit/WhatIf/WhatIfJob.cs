using System.Collections.Immutable;
using MfaEvents.Core.Audit.WhatIf;
using MfaEvents.Core.Devices;

namespace MfaEvents.Server.Audit.WhatIf;

/// <summary>The history of an account, or of one of its principals, played once more under other policies.</summary>
public sealed record WhatIfJob
{
    /// <summary>How many differences are kept; all are counted.</summary>
    public const int MostKept = 1000;

    public required Guid Id { get; init; }

    public required string AccountId { get; init; }

    /// <summary>Whose history is played; everybody's when there is none.</summary>
    public string? Principal { get; init; }

    /// <summary>The policies that were in force when it was asked for: history is taken to have been made under them.</summary>
    public required DevicePolicy Live { get; init; }

    /// <summary>The policies that are tried.</summary>
    public required DevicePolicy Tried { get; init; }

    public required string StartedBy { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it made its last step, or began.</summary>
    public DateTimeOffset SteppedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public WhatIfState State { get; init; }

    /// <summary>How many steps it has made: a message with another number is late.</summary>
    public int Step { get; init; }

    /// <summary>The last principal that was played to the end.</summary>
    public string? After { get; init; }

    public long EventsDone { get; init; }

    public long EventsTotal { get; init; }

    public long Attempts { get; init; }

    public long ShorterWaits { get; init; }

    public long DifferencesTotal { get; init; }

    public ImmutableArray<PrincipalDifference> Differences { get; init; } = [];

    /// <summary>Why it failed, in a sentence.</summary>
    public string? Outcome { get; init; }

    public bool IsRunning => State == WhatIfState.Running;
}

public enum WhatIfState
{
    Running,
    Succeeded,
    Failed,
}

/// <summary>A difference, and in whose history.</summary>
public sealed record PrincipalDifference(string Principal, WhatIfDifference Of);
