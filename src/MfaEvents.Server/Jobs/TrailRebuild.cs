using Marten;
using MfaEvents.Server.Audit.Trail;
using Npgsql;

namespace MfaEvents.Server.Jobs;

/// <summary>
/// Builds the audit trail anew beside the one that is read. The log is never touched: its numbers come out of the events once
/// more, and what was signed stays what it was. Each step is one transaction of a few seconds.
/// </summary>
public sealed class TrailRebuild(TimeProvider clock) : IRebuilder
{
    private const int PageSize = 5_000;

    /// <summary>So many events are left for the moment of the swap, in which the projection waits.</summary>
    private const int LeftForTheSwap = 2_000;

    private const int SequencesCompared = 50_000;

    private static readonly TimeSpan StepTime = TimeSpan.FromSeconds(3);

    public async Task<Rebuild> StepAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation)
    {
        var work = new RebuildWork((NpgsqlConnection)session.Connection!, rebuild, cancellation);
        await work.DoAsync("set local statement_timeout = 0");
        return rebuild.Stage switch
        {
            RebuildStage.Preparing => await PrepareAsync(work, rebuild),
            RebuildStage.Loading => await LoadAsync(work, rebuild),
            RebuildStage.Indexing => await IndexAsync(work, rebuild),
            RebuildStage.Comparing => await CompareAsync(session, work, rebuild, cancellation),
            _ => await SwapAsync(session, work, rebuild),
        };
    }

    public Task DropAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation) =>
        new RebuildWork((NpgsqlConnection)session.Connection!, rebuild, cancellation).DropAsync();

    private static async Task<Rebuild> PrepareAsync(RebuildWork work, Rebuild rebuild)
    {
        await work.MakeTablesAsync();
        return rebuild with { Stage = RebuildStage.Loading, EventsTotal = await work.EventsAsync() };
    }

    private async Task<Rebuild> LoadAsync(RebuildWork work, Rebuild rebuild)
    {
        var began = clock.GetTimestamp();
        var until = await work.LivePositionAsync(forSwap: false);
        var loaded = rebuild;
        do
        {
            var (count, position) = await work.LoadAsync(loaded.Position, until, PageSize);
            loaded = loaded with { EventsDone = loaded.EventsDone + count, Position = count < PageSize ? until : position };
        }
        while (loaded.Position < until && clock.GetElapsedTime(began) < StepTime);

        loaded = loaded with
        {
            SecondsLoading = rebuild.SecondsLoading + clock.GetElapsedTime(began).TotalSeconds,
            EventsTotal = Math.Max(rebuild.EventsTotal, loaded.EventsDone),
        };
        if (loaded.Position < until) return loaded;
        return loaded with { Stage = rebuild.AccountId is null ? RebuildStage.Indexing : RebuildStage.Comparing };
    }

    private static async Task<Rebuild> IndexAsync(RebuildWork work, Rebuild rebuild)
    {
        var indexes = await work.IndexesAsync();
        if (rebuild.Indexes == indexes.Count)
        {
            await work.CountAsync();
            return rebuild with { Stage = RebuildStage.Comparing };
        }

        await work.MakeIndexAsync(indexes[rebuild.Indexes]);
        return rebuild with { Indexes = rebuild.Indexes + 1 };
    }

    // What happened while the indexes were made is loaded first: then both views are compared as far as the new one is.
    private async Task<Rebuild> CompareAsync(
        IDocumentSession session, RebuildWork work, Rebuild rebuild, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        var compared = rebuild;
        while (compared.Compared < compared.Position && clock.GetElapsedTime(began) < StepTime)
        {
            var to = rebuild.AccountId is null ? Math.Min(compared.Compared + SequencesCompared, compared.Position) : compared.Position;
            compared = compared with { Compared = to, Parity = compared.Parity.And(await work.CompareAsync(compared.Compared, to)) };
        }

        if (compared.Compared < compared.Position) return compared;
        if (compared.Parity.Differences == 0 || await IsRaisedAsync(session, cancellation)) return compared with { Stage = RebuildStage.Swapping };

        await work.DropAsync();
        return compared with
        {
            State = RebuildState.Failed,
            FinishedAt = clock.GetUtcNow(),
            Outcome = $"{compared.Parity.Differences} rows of the view differ from what the events say, and the projection's version was not "
                + "raised: it was not swapped. Look into it with POST /accounts/ID/audit/verification before anything else.",
        };
    }

    private async Task<Rebuild> SwapAsync(IDocumentSession session, RebuildWork work, Rebuild rebuild)
    {
        // Its next commit waits for ours: both views end with the same event.
        var until = await work.LivePositionAsync(forSwap: true);
        var (count, position) = await work.LoadAsync(rebuild.Position, until, LeftForTheSwap);
        var loaded = rebuild with
        {
            EventsDone = rebuild.EventsDone + count,
            EventsTotal = Math.Max(rebuild.EventsTotal, rebuild.EventsDone + count),
            Position = count == LeftForTheSwap ? position : until,
        };

        // More has happened than the projection should wait for.
        if (loaded.Position < until) return loaded with { Stage = RebuildStage.Loading };

        await work.SwapAsync();
        if (rebuild.AccountId is null) session.Store(new BuiltView(AuditTrail.ProjectionName, AuditTrail.RowVersion));
        return loaded with
        {
            State = RebuildState.Succeeded,
            FinishedAt = clock.GetUtcNow(),
            Outcome = loaded.Parity.Missing == 0
                ? "The view is what the events say."
                : $"The view is what the events say again: {loaded.Parity.Missing} rows had been lost.",
        };
    }

    private static Task<bool> IsRaisedAsync(IDocumentSession session, CancellationToken cancellation) =>
        BuiltView.IsOlderAsync(session, AuditTrail.ProjectionName, AuditTrail.RowVersion, cancellation);
}
