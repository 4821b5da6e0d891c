using Marten;

namespace MfaEvents.Server.Jobs;

/// <summary>A rebuild of a view from the events, beside the one that is read meanwhile.</summary>
public sealed record Rebuild
{
    public required Guid Id { get; init; }

    /// <summary>The projection whose view it is.</summary>
    public required string Projection { get; init; }

    /// <summary>The account whose part of it is built anew; all accounts when there is none.</summary>
    public string? AccountId { get; init; }

    public required string StartedBy { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public RebuildState State { get; init; }

    public RebuildStage Stage { get; init; }

    /// <summary>How many steps it has made: a message with another number is late.</summary>
    public int Step { get; init; }

    /// <summary>The sequence of the last event that is in the new view.</summary>
    public long Position { get; init; }

    /// <summary>Up to which sequence both views were compared; of one account's part of the trail, how many of its entries.</summary>
    public long Compared { get; init; }

    /// <summary>How many entries of one account's part of the trail are those of the new view.</summary>
    public long Exchanged { get; init; }

    /// <summary>The last account whose streams were played; nothing for the trail, which is built event by event.</summary>
    public string? After { get; init; }

    /// <summary>How many indexes the new view has.</summary>
    public int Indexes { get; init; }

    public long EventsDone { get; init; }

    public long EventsTotal { get; init; }

    /// <summary>How long the loading took so far, in seconds.</summary>
    public double SecondsLoading { get; init; }

    public Parity Parity { get; init; } = new(0, 0, 0, []);

    /// <summary>How it ended, in a sentence.</summary>
    public string? Outcome { get; init; }

    public bool IsRunning => State == RebuildState.Running;

    /// <summary>What the names of its tables end with.</summary>
    public string Suffix => $"_r{$"{Id:N}"[^12..]}";
}

public enum RebuildState
{
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

public enum RebuildStage
{
    /// <summary>The tables of the new view are to be made.</summary>
    Preparing,

    /// <summary>Events become rows, or documents that are compared with those that are read.</summary>
    Loading,

    /// <summary>The new view gets its indexes.</summary>
    Indexing,

    /// <summary>Old and new rows are compared.</summary>
    Comparing,

    /// <summary>The new view takes the old one's place.</summary>
    Swapping,
}

/// <summary>How the rows of the old view and the new one compare; of most views these are documents.</summary>
/// <param name="RowsCompared">Rows that either of them has.</param>
/// <param name="Differences">Rows that differ, or that the old view has and no event accounts for: nobody explains these.</param>
/// <param name="Missing">Rows that the old view had lost: to have them back is what a rebuild is for.</param>
/// <param name="Examples">A few of the differences: account, index or id, and what is wrong.</param>
public sealed record Parity(long RowsCompared, long Differences, long Missing, IReadOnlyList<string> Examples)
{
    private const int MostExamples = 10;

    public Parity And(Parity other) => new(
        RowsCompared + other.RowsCompared,
        Differences + other.Differences,
        Missing + other.Missing,
        [.. Examples.Concat(other.Examples).Take(MostExamples)]);
}

/// <summary>Somebody wants a rebuild to end.</summary>
public sealed record RebuildCancellation(Guid Id, string By);

/// <summary>Which version of its projection a view was built with, all of it.</summary>
/// <param name="Id">The projection.</param>
/// <param name="Version">The version.</param>
public sealed record BuiltView(string Id, int Version)
{
    /// <summary>What a view was built with of which nothing is written: the first releases wrote nothing.</summary>
    private const int First = 1;

    /// <summary>Whether a view was built with an earlier version, and is expected to differ.</summary>
    public static async Task<bool> IsOlderAsync(
        IDocumentSession session, string projection, int version, CancellationToken cancellation) =>
        ((await session.LoadAsync<BuiltView>(projection, cancellation))?.Version ?? First) < version;
}

/// <summary>A view cannot be swapped; the message says why, without its full stop.</summary>
public sealed class RebuildRefusedException(string message) : Exception(message);
