using Marten;
using MfaEvents.Core.Audit.WhatIf;
using MfaEvents.Server.Setup;
using Npgsql;
using Wolverine;
using Wolverine.Attributes;
using Wolverine.ErrorHandling;
using Wolverine.Runtime.Handlers;

namespace MfaEvents.Server.Audit.WhatIf;

/// <summary>
/// The next step of a what-if: it plays some principals to their ends. What it found and the message for the step after it are one
/// commit: a node that is killed leaves its step to the others, undone.
/// </summary>
public sealed record ContinueWhatIf(Guid JobId, int Step);

public static partial class ContinueWhatIfHandler
{
    private const int PageSize = 1000;

    /// <summary>A step ends with the principal at which it has played so many events.</summary>
    private const int EventsPerStep = 20_000;

    /// <summary>The longest step plays one long history: so many seconds at most.</summary>
    private const int LongestStep = 3600;

    // Between two pages a step looks whether it has taken too long; a page does not take so long.
    private const int Page = 60;

    // A step that fails changed nothing, and the account gets no other job before this one has ended.
    public static void Configure(HandlerChain chain) => chain.OnAnyException().ScheduleRetryIndefinitely(
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));

    [MessageTimeout(LongestStep + Page)]
    public static async Task<OutgoingMessages> Handle(
        ContinueWhatIf message,
        IDocumentSession session,
        IDocumentStore store,
        TimeProvider clock,
        ILogger<WhatIfJob> logger,
        CancellationToken cancellation)
    {
        var job = await session.LoadAsync<WhatIfJob>(message.JobId, cancellation);
        if (job is not { IsRunning: true } || job.Step != message.Step) return [];
        WhatIfJob next;
        try
        {
            next = await StepAsync(job, store, clock, cancellation);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested && !DatabaseFaults.IsTransient(exception))
        {
            LogFailed(logger, job.Id, exception.GetType().Name);
            next = job with
            {
                State = WhatIfState.Failed,
                FinishedAt = clock.GetUtcNow(),
                Outcome = exception is HistoryNotPlayedException
                    ? exception.Message
                    : $"It failed with a {exception.GetType().Name}, at a principal after {job.After ?? "the beginning"}.",
            };
        }

        // Handled twice at once, a step counts once; but whoever holds it may be about to die.
        if (!await session.TryHoldAsync(job.Id.ToString("N")[^16..], cancellation))
        {
            var later = new OutgoingMessages();
            later.Delay(message, TimeSpan.FromSeconds(2));
            return later;
        }

        if ((await session.LoadAsync<WhatIfJob>(job.Id, cancellation))?.Step != job.Step) return [];
        session.Store(next with { Step = job.Step + 1, SteppedAt = clock.GetUtcNow() });
        return next.IsRunning ? [message with { Step = job.Step + 1 }] : [];
    }

    /// <summary>The streams that a what-if plays, in their order, after one of them: each with its length.</summary>
    public static async Task<IReadOnlyList<(string Key, long Version)>> PlayedStreamsAsync(
        this IQuerySession session, string? principal, string? after, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select id, version from {EventStore.Schema}.mt_streams
            where tenant_id = $1 and (id = 'root' or id like 'user:%') and id = coalesce($2, id) and id collate "C" > $3
            order by id collate "C"
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = session.TenantId });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)principal ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = after ?? "" });
        await using var reader = await session.ExecuteReaderAsync(command, cancellation);
        var streams = new List<(string, long)>();
        while (await reader.ReadAsync(cancellation)) streams.Add((reader.GetString(0), reader.GetInt64(1)));
        return streams;
    }

    // It reads outside of the message's transaction, which draws nothing and holds nothing meanwhile.
    private static async Task<WhatIfJob> StepAsync(WhatIfJob job, IDocumentStore store, TimeProvider clock, CancellationToken cancellation)
    {
        await using var session = store.QuerySession(job.AccountId);
        var until = clock.GetUtcNow().AddSeconds(LongestStep);
        var streams = await session.PlayedStreamsAsync(job.Principal, job.After, cancellation);
        var played = 0L;
        foreach (var (principal, version) in streams)
        {
            if (played >= EventsPerStep) return job;
            job = await PlayAsync(job, principal, version, session, () => clock.GetUtcNow() > until, cancellation);
            played += version;
        }

        return job with { State = WhatIfState.Succeeded, FinishedAt = clock.GetUtcNow() };
    }

    private static async Task<WhatIfJob> PlayAsync(
        WhatIfJob job, string principal, long version, IQuerySession session, Func<bool> isTooLong, CancellationToken cancellation)
    {
        var replay = new WhatIfReplay { Principal = principal };
        var next = 1L;
        while (next <= version)
        {
            if (isTooLong())
                throw new HistoryNotPlayedException($"The history of {principal} takes longer to play than the {LongestStep / 60} minutes of a step.");
            var last = Math.Min(next + PageSize - 1, version);
            var page = await session.Events.FetchStreamAsync(principal, last, fromVersion: next, token: cancellation);
            var whole = page.TakeWhile((e, i) => e.Version == next + i).Count();
            if (whole <= last - next)
            {
                throw new HistoryNotPlayedException(
                    $"The history of {principal} has lost its event of version {next + whole}: verify the account's audit trail.");
            }

            var acts = Act.Of(page.Select(e => new Happened(e.Version, e.Data, e.Timestamp)));

            // What follows the last act may be on the next page.
            foreach (var act in last == version || acts.Count == 1 ? acts : acts.SkipLast(1))
            {
                (replay, var difference) = replay.Next(act, job.Tried, job.Live);
                next = act.LastVersion + 1;
                if (difference is not null) job = With(job, new PrincipalDifference(principal, difference));
            }
        }

        return job with
        {
            After = principal,
            EventsDone = job.EventsDone + version,
            Attempts = job.Attempts + replay.Attempts,
            ShorterWaits = job.ShorterWaits + replay.ShorterWaits,
        };
    }

    private static WhatIfJob With(WhatIfJob job, PrincipalDifference difference) => job with
    {
        DifferencesTotal = job.DifferencesTotal + 1,
        Differences = job.Differences.Length < WhatIfJob.MostKept ? job.Differences.Add(difference) : job.Differences,
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "The what-if {JobId} failed: {Cause}")]
    private static partial void LogFailed(ILogger logger, Guid jobId, string cause);
}

/// <summary>A principal's history cannot be played to its end: it has a gap, or is too long for a step. The message says which.</summary>
public sealed class HistoryNotPlayedException(string message) : Exception(message);
